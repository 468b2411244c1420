/* SPDX-License-Identifier: PostgreSQL */

/*
 * What passes between a client on its way in and its database, until the
 * relay takes over.
 */
#ifndef PGJUMP_CLIENT_BYTES_H
#define PGJUMP_CLIENT_BYTES_H

#include "client/client.h"

/* Read what the client sends, as far as there is room. */
void client_bytes_receive(struct client *);

/* The packet was answered: what is kept from now on came after it. */
void client_bytes_drop_packet(struct client_startup *);

/* It closed, or broke. */
enum client_state client_bytes_gone(struct client *);

/* Pass the packet that is being served on to the database. */
void client_bytes_forward_packet(struct client *);

/* The same, with whatever the client has sent behind it. */
void client_bytes_forward_all(struct client *);

/*
 * Listen to the database: returns the state to go to, or the present one after
 * something was added to the answer, or while there is nothing.
 */
enum client_state client_bytes_hear(struct client *);

/* Nothing decided yet: wait on, or name who is late. */
enum client_state client_bytes_expect(struct client *);

#endif
