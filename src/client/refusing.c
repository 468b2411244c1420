/* SPDX-License-Identifier: PostgreSQL */

/*
 * A client is refused: first it gives back what it held for a session, then
 * client/refusal.c tells it why.  What could not be told is logged.
 */
#include "client/refusing.h"

#include <stddef.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/stream.h"
#include "client/gate.h"
#include "client/refusal.h"
#include "config/config.h"
#include "jump/jump.h"

/* A client that is told for ten seconds must not hold a place meanwhile. */
static void
give_back(struct client *client)
{
	if (client->request != NULL)
		jump_request_drop(client->request);
	client->request = NULL;
	stream_close(client->database, false);
	client->database = NULL;
	if (client->has_place)
		gate_leave(client->home->gate);
	client->has_place = false;
}

/* The brake never delays the answer beyond the deadline of the login. */
static int64_t
answer_at_ms(const struct client *client)
{
	int64_t now_ms = clock_ms();
	int64_t at_ms = now_ms + gate_brake_ms(client->home->gate);
	int64_t login_ms = client->startup->login_ms;

	if (login_ms == 0 || at_ms <= login_ms)
		return at_ms;
	return now_ms > login_ms ? now_ms : login_ms;
}

static void
begin_refusal(struct client *client)
{
	const struct client_startup *startup = client->startup;
	enum stage stage = failure_info(client->fault->code)->stage;
	struct refusal_setup setup = {
		.client = client->stream,
		.identity = client->home->identity,
		.fault = client->fault,
		.kept = startup->kept,
		.kept_len = startup->kept_len,
		.is_in_tls = startup->is_in_tls,
		.is_at_once = stage == STAGE_CLIENT_PROTOCOL ||
		    stage == STAGE_CLIENT_TIMEOUT ||
		    client->fault->code == FAIL_CLIENT_CROWD,
		.answer_at_ms = answer_at_ms(client),
	};

	give_back(client);
	client->refusal = refusal_new(&setup);
	client_free_startup(client);
}

static void
log_untold(const struct client *client)
{
	const char *words = refusal_words(client->refusal);

	if (words[0] != '\0')
		log_warning("client could not be told",
		    log_num("client", (int64_t)client->id),
		    log_str("connection", client->home->connection->name),
		    log_str("stage", failure_stage(client->fault->code)->label),
		    log_str("reason", words));
}

enum client_state
client_refusing_tell(struct client *client)
{
	if (client->refusal == NULL)
		begin_refusal(client);
	switch (refusal_step(client->refusal)) {
	case REFUSAL_TOLD:
		return CLIENT_CLOSED;
	case REFUSAL_UNTOLD:
		log_untold(client);
		return CLIENT_CLOSED;
	case REFUSAL_RUNNING:
		break;
	}
	client->deadline_ms = refusal_wake_ms(client->refusal);
	return CLIENT_REFUSING;
}
