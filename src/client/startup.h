/* SPDX-License-Identifier: PostgreSQL */

/*
 * The steps of a client on its way in: from its first byte until the database
 * has answered its login.  A step looks at what there is, acts, and returns
 * the next state; its own means that it waits.
 */
#ifndef PGJUMP_CLIENT_STARTUP_H
#define PGJUMP_CLIENT_STARTUP_H

#include "client/client.h"

/*
 * The client's next packet, the first one or the one after a negotiation.  No
 * forward is opened before it is complete.
 */
enum client_state client_startup_greeting(struct client *);

/* The forward for it, which is opened before anything is answered. */
enum client_state client_startup_opening(struct client *);

/* TLS with the database, where the client's own ends here. */
enum client_state client_startup_securing(struct client *);

#endif
