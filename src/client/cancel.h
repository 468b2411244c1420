/* SPDX-License-Identifier: PostgreSQL */

/*
 * A client that has sent a CancelRequest, until it has its turn at the gate:
 * many may come at once, and clients come first.
 */
#ifndef PGJUMP_CLIENT_CANCEL_H
#define PGJUMP_CLIENT_CANCEL_H

#include "client/client.h"

/*
 * It is known now that this one needs no place, only a turn.  (One that has a
 * place has a forward as well, and needs neither.)
 */
enum client_state client_cancel_begin(struct client *);

/* It waits for its turn, as long as it has time. */
enum client_state client_cancel_queued(struct client *);

#endif
