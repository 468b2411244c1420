/* SPDX-License-Identifier: PostgreSQL */

/*
 * How a session runs and how it ends.  The rule behind every branch: no
 * statement may run twice.  A bare FIN makes lib/pq (the Go driver) repeat the
 * statement in flight.  So a busy client gets an error that it takes for the
 * answer, and a client that cannot be told anything gets an RST.
 */
#include "client/session.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/stream.h"
#include "client/gate.h"
#include "client/last_words.h"
#include "config/config.h"

/*
 * Time for the client to take what was received and the last words: enough for
 * a retransmission or two, while a client that is gone is not kept for long.
 */
#define LEAVE_MS 5000
/* Time for the client to close once it has them; most close at once. */
#define CLOSE_MS 2000
/*
 * A client whose database has ended may still be sending.  It is closed after
 * this long without a byte.
 */
#define LINGER_MS 10000
/*
 * A client that leaves in TLS closes its socket right after its last bytes; a
 * busy machine may delay that.
 */
#define PARTING_MS 500
/*
 * A socket does not tell when it is drained, so it is asked at this interval.
 */
#define DRAIN_CHECK_MS 20

/* --- Farewell ------------------------------------------------------------- */

static const char *
moment_word(enum pgwire_moment moment)
{
	static const char *const words[] = {
		[PGWIRE_CUT] = "cut",
		[PGWIRE_OVER] = "over",
		[PGWIRE_STARTING] = "starting",
		[PGWIRE_BUSY] = "busy",
		[PGWIRE_BUSY_EXTENDED] = "busy",
		[PGWIRE_IDLE] = "idle",
	};

	return words[moment];
}

static enum count
count_of(enum pgwire_moment moment)
{
	static const enum count counts[] = {
		[PGWIRE_CUT] = COUNT_LOST_CUT,
		[PGWIRE_OVER] = COUNT_NONE,
		[PGWIRE_STARTING] = COUNT_LOST_STARTING,
		[PGWIRE_BUSY] = COUNT_LOST_BUSY,
		[PGWIRE_BUSY_EXTENDED] = COUNT_LOST_BUSY,
		[PGWIRE_IDLE] = COUNT_LOST_IDLE,
	};

	return counts[moment];
}

static void
log_ended(const struct client *client, enum pgwire_moment moment)
{
	const struct fault *fault = client->fault;
	char message[FAULT_DETAIL_MAX];

	fault_message_mid_session(fault, message, sizeof message);
	log_warning("session ended", log_num("client", (int64_t)client->id),
	    log_str("connection", client->home->connection->name),
	    log_str("stage", failure_stage(fault->code)->label),
	    log_str("moment", moment_word(moment)), log_str("error", message),
	    log_str("detail", fault->detail[0] != '\0' ? fault->detail : NULL));
}

/* Complete and log the fault that ends the session. */
static void
record_end(struct client *client, enum pgwire_moment moment)
{
	client_complete_fault(client);
	gate_fail(client->home->gate, client->fault);
	counts_add(&client->home->counts, count_of(moment), 1);
	fault_note(client->fault, "the client had been connected for %s",
	    clock_text(clock_ms() - client->start_ms).text);
	log_ended(client, moment);
}

static void
cut(struct client *client)
{
	client->is_reset = true;
	relay_cut(client->relay);
}

static void
say_last_words(struct client *client)
{
	unsigned char text[LAST_WORDS_MAX];

	relay_say(client->relay, text,
	    last_words_write(text, client->fault,
		relay_session(client->relay)));
}

static enum client_state
unanswered(struct client *client)
{
	client->fate = COUNT_CANCEL_UNANSWERED;
	return client_end(client, "cancel request not answered");
}

/*
 * The fault is set: tell the client where the moment allows it, else cut.  The
 * sender of a CancelRequest expects nothing but the end.
 */
static enum client_state
leave(struct client *client)
{
	enum pgwire_moment moment = relay_moment(client->relay);

	if (client->is_cancel)
		return unanswered(client);
	client->how = moment == PGWIRE_OVER
	    ? "database closed"
	    : failure_stage(client->fault->code)->label;
	if (moment != PGWIRE_OVER)
		record_end(client, moment);
	if (moment == PGWIRE_CUT)
		cut(client);
	else
		say_last_words(client);
	client->end_ms = clock_ms() + LEAVE_MS;
	return CLIENT_LEAVING;
}

enum client_state
client_session_leaving(struct client *client)
{
	int64_t now_ms = clock_ms();

	switch (relay_leave(client->relay)) {
	case RELAY_GONE:
		return CLIENT_CLOSED;
	case RELAY_SAID:
		if (client->end_ms > now_ms + CLOSE_MS)
			client->end_ms = now_ms + CLOSE_MS;
		break;
	case RELAY_LEAVING:
		/* The client lacks bytes, so a FIN would be a false end. */
		client->is_reset |= now_ms >= client->end_ms;
		break;
	}
	if (now_ms >= client->end_ms)
		return CLIENT_CLOSED;
	client->deadline_ms = client->end_ms;
	if (client->is_reset && client->end_ms > now_ms + DRAIN_CHECK_MS)
		client->deadline_ms = now_ms + DRAIN_CHECK_MS;
	return CLIENT_LEAVING;
}

enum client_state
client_session_stop(struct client *client)
{
	fault_set(client_fault(client), client->home->ends_by, "%s",
	    client->home->connection->name);
	return leave(client);
}

/* --- Relaying ------------------------------------------------------------- */

/* The database has closed: the fault quotes its last words, if it had any. */
static void
blame_hang_up(struct client *client)
{
	const struct pgwire_session *session = relay_session(client->relay);
	struct pgwire_error_fields said;

	if (session == NULL || !session->is_warned) {
		fault_set_code(client->fault,
		    session != NULL && session->has_given_password
			? FAIL_DB_HANGUP_PASSWORD
			: FAIL_DB_HANGUP);
		return;
	}
	pgwire_error_fields(session->error, session->error_len, &said);
	fault_set(client->fault, FAIL_DB_HANGUP_SAID, "%s (SQLSTATE %s)",
	    said.message, said.sqlstate);
}

/*
 * PostgreSQL closes without reading the close_notify of a client that leaves,
 * so its close reaches us as a reset, perhaps before the client has closed its
 * socket.  If the client does so within PARTING_MS, that is not an error.
 */
static enum client_state
awaiting_client(struct client *client)
{
	int64_t now_ms = clock_ms();

	if (client->end_ms == 0)
		client->end_ms = now_ms + PARTING_MS;
	client->deadline_ms = client->end_ms;
	switch (relay_await_client(client->relay)) {
	case RELAY_CLIENT_LOST:
		return client_end(client, "client lost");
	case RELAY_ENDED:
		client->is_reset = true;
		return client_end(client, "client closed");
	case RELAY_AGAIN:
		client->deadline_ms = now_ms;
		break;
	default:
		break;
	}
	return now_ms < client->end_ms ? CLIENT_RELAYING : CLIENT_LEAVING;
}

static enum client_state
database_lost(struct client *client)
{
	enum client_state next = CLIENT_LEAVING;
	struct fault fault = { 0 };

	relay_fault(client->relay, &fault);
	if (fault.code == FAIL_NONE && !client->is_cancel &&
	    relay_session(client->relay) == NULL)
		next = awaiting_client(client);
	if (next != CLIENT_LEAVING)
		return next;
	relay_fault(client->relay, client_fault(client));
	blame_hang_up(client);
	return leave(client);
}

static enum client_state
database_hung_up(struct client *client)
{
	client_fault(client);
	blame_hang_up(client);
	return leave(client);
}

/*
 * The database has sent its last byte.  The client may still send: its bytes
 * are passed on as long as they come.
 */
static enum client_state
lingering(struct client *client)
{
	int64_t now_ms = clock_ms();

	if (client->end_ms == 0 ||
	    client->lingered_at != client->traffic.to_database) {
		client->lingered_at = client->traffic.to_database;
		client->end_ms = now_ms + LINGER_MS;
	}
	if (now_ms >= client->end_ms || client->home->ends_by != FAIL_NONE)
		return client_end(client, "database closed");
	client->deadline_ms = client->end_ms;
	return CLIENT_RELAYING;
}

static bool
may_rest(const struct client *client)
{
	const struct pgwire_session *session = relay_session(client->relay);

	return session != NULL && pgwire_session_is_at_rest(session);
}

enum client_state
client_session_relaying(struct client *client)
{
	enum relay_status status;

	client->deadline_ms = client->is_cancel ? client->end_ms : 0;
	if (client->is_cancel && clock_ms() >= client->end_ms)
		return unanswered(client);
	status = relay_pump(client->relay);
	client_count_traffic(client);
	switch (status) {
	case RELAY_AGAIN:
		client->deadline_ms = clock_ms();
		return CLIENT_RELAYING;
	case RELAY_CLIENT_LOST:
		return client_end(client, "client lost");
	case RELAY_DATABASE_LOST:
		return database_lost(client);
	case RELAY_DATABASE_HUNG_UP:
		return database_hung_up(client);
	case RELAY_DATABASE_ENDED:
		return client->is_cancel ? client_end(client, "database closed")
					 : lingering(client);
	case RELAY_ENDED:
		return client_end(client, "client closed");
	case RELAY_OPEN:
		break;
	}
	if (client->home->ends_by != FAIL_NONE && may_rest(client))
		return client_session_stop(client);
	return CLIENT_RELAYING;
}
