/* SPDX-License-Identifier: PostgreSQL */

/*
 * A client that has sent a CancelRequest, until it has its turn at the gate.
 * Many may come at once, and sessions go first.
 */
#ifndef PGJUMP_CLIENT_CANCEL_H
#define PGJUMP_CLIENT_CANCEL_H

#include "client/client.h"

/*
 * The packet was a CancelRequest, which needs a turn and no place.  (A client
 * that has a place already has a forward as well, and needs neither.)
 */
enum client_state client_cancel_begin(struct client *);

/* Wait for the turn until the deadline. */
enum client_state client_cancel_queued(struct client *);

#endif
