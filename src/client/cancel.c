/* SPDX-License-Identifier: PostgreSQL */

/*
 * A CancelRequest that gets no turn is closed without a word, like every one
 * that fails.  Its sender may have closed already; the statement must be
 * cancelled all the same.
 */
#include "client/cancel.h"

#include "base/clock.h"
#include "client/bytes.h"
#include "client/gate.h"

static enum client_state
miss_turn(struct client *client)
{
	client->fate = COUNT_CANCEL_NO_TURN;
	client->missed = gate_cancel_miss(client->home->gate);
	return client_end(client, "cancel request had no turn");
}

enum client_state
client_cancel_begin(struct client *client)
{
	client_settle(client);
	client->cancel = gate_cancel_enter(client->home->gate,
	    client->home->mailbox, client->home->wake, client);
	if (client->cancel == NULL)
		return miss_turn(client);
	return gate_cancel_has_turn(client->cancel) ? CLIENT_OPENING
						    : CLIENT_QUEUED;
}

enum client_state
client_cancel_queued(struct client *client)
{
	client_bytes_receive(client);
	if (gate_cancel_has_turn(client->cancel))
		return CLIENT_OPENING;
	return clock_ms() < client->deadline_ms ? CLIENT_QUEUED
						: miss_turn(client);
}
