/* SPDX-License-Identifier: PostgreSQL */

/*
 * The steps of a client from its first byte until its packet has gone to the
 * database.  A step looks at what there is, acts, and returns the next state;
 * its own state means that it waits.
 */
#ifndef PGJUMP_CLIENT_STARTUP_H
#define PGJUMP_CLIENT_STARTUP_H

#include "client/client.h"

/*
 * Read the client's next packet: the first one, or the one after a negotiation.
 * No forward is opened before it is complete.
 */
enum client_state client_startup_greeting(struct client *);

/* Open the forward, before the client is answered anything. */
enum client_state client_startup_opening(struct client *);

/* Begin TLS with the database, where the client's own TLS ends here. */
enum client_state client_startup_securing(struct client *);

#endif
