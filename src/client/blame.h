/* SPDX-License-Identifier: PostgreSQL */

/*
 * A database that does not answer as PostgreSQL does: each records the fault of
 * a client on its way in, and returns the state that tells it.
 */
#ifndef PGJUMP_CLIENT_BLAME_H
#define PGJUMP_CLIENT_BLAME_H

#include <stdbool.h>

#include "client/client.h"

/* It said something else; quotes client->startup->answer. */
enum client_state client_not_postgres(struct client *);

/* It answered with this error, before any login. */
enum client_state client_rejected(struct client *,
    const struct pgwire_error_fields *);

/* It closed the connection, or (`is_lost`) the way to it broke. */
enum client_state client_hung_up(struct client *, bool is_lost);

/* It has not answered by the deadline. */
enum client_state client_silent(struct client *);

#endif
