/* SPDX-License-Identifier: PostgreSQL */

/*
 * Bytes between a client without a session and its database, until the relay
 * takes over.
 */
#ifndef PGJUMP_CLIENT_BYTES_H
#define PGJUMP_CLIENT_BYTES_H

#include "client/client.h"

/* Read what the client sends, as far as there is room. */
void client_bytes_receive(struct client *);

/* Drop the packet that was answered; what came behind it stays kept. */
void client_bytes_drop_packet(struct client_startup *);

/* The client closed, or its socket broke. */
enum client_state client_bytes_gone(struct client *);

/* Pass the packet that is being served on to the database. */
void client_bytes_forward_packet(struct client *);

/* The same, with whatever the client has sent behind it. */
void client_bytes_forward_all(struct client *);

/*
 * Read from the database into startup->answer.  Returns the present state, also
 * when nothing has come; another one when the database has closed.
 */
enum client_state client_bytes_hear(struct client *);

/*
 * The answer is not complete.  Returns the present state, or another one when
 * the client has gone or the database is late.
 */
enum client_state client_bytes_expect(struct client *);

#endif
