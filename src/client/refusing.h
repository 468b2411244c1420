/* SPDX-License-Identifier: PostgreSQL */

/*
 * The one step of a client that failed before it had a session.
 */
#ifndef PGJUMP_CLIENT_REFUSING_H
#define PGJUMP_CLIENT_REFUSING_H

#include "client/client.h"

/* The client is told why there is no session. */
enum client_state client_refusing_tell(struct client *);

#endif
