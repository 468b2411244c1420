/* SPDX-License-Identifier: PostgreSQL */

/*
 * How a client fails and ends: one fault, completed with names and facts,
 * logged once; then the closing line of the log.
 */
#include "client/client.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stream.h"
#include "base/xmalloc.h"
#include "client/database_fault.h"
#include "client/gate.h"
#include "config/config.h"
#include "jump/fault.h"
#include "tls/client.h"

const char *
client_peer(const struct client *client)
{
	return client->is_local ? "local" : client->peer.host;
}

bool
client_is_probe(const struct client *client)
{
	return client->startup != NULL && client->startup->kept_len == 0 &&
	    client->traffic.to_client == 0;
}

void
client_settle(struct client *client)
{
	if (client->has_arrived)
		gate_settle(client->home->gate);
	client->has_arrived = false;
}

struct fault *
client_fault(struct client *client)
{
	if (client->fault == NULL)
		client->fault = xcalloc(1, sizeof *client->fault);
	return client->fault;
}

void
client_complete_fault(struct client *client)
{
	jump_fault_name(client->fault, client->home->connection);
}

enum client_state
client_refuse(struct client *client)
{
	struct fault *fault = client->fault;
	char message[FAULT_DETAIL_MAX];

	client_complete_fault(client);
	gate_fail(client->home->gate, fault);
	if (fault->detail[0] == '\0')
		fault_note(fault, "the client at %s had been connected for %s",
		    client->peer.host,
		    clock_text(clock_ms() - client->start_ms).text);
	fault_message(fault, message, sizeof message);
	log_warning("client refused", log_num("client", (int64_t)client->id),
	    log_str("connection", client->home->connection->name),
	    log_str("peer", client_peer(client)),
	    log_str("stage", failure_stage(fault->code)->label),
	    log_str("error", message), log_str("detail", fault->detail));
	if (client->is_cancel) {
		client->fate = COUNT_CANCEL_FAILED;
		return client_end(client, "cancel request not delivered");
	}
	client->how = "refused";
	return CLIENT_REFUSING;
}

enum client_state
client_fail(struct client *client, enum failure code, const char *words, ...)
{
	char text[FAULT_WORDS_MAX];
	va_list args;

	va_start(args, words);
	vsnprintf(text, sizeof text, words, args);
	va_end(args);
	fault_set(client_fault(client), code, "%s", text);
	return client_refuse(client);
}

enum client_state
client_fail_code(struct client *client, enum failure code)
{
	fault_set_code(client_fault(client), code);
	return client_refuse(client);
}

void
client_free_startup(struct client *client)
{
	if (client->startup == NULL)
		return;
	tls_client_free(client->startup->securing);
	free(client->startup);
	client->startup = NULL;
}

void
client_count_traffic(struct client *client)
{
	const struct relay_traffic *now = &client->traffic;
	struct relay_traffic *before = &client->counted;
	struct counts *counts = &client->home->counts;

	counts_add(counts, COUNT_TO_DATABASE,
	    now->to_database - before->to_database);
	counts_add(counts, COUNT_TO_CLIENT, now->to_client - before->to_client);
	*before = *now;
}

enum client_state
client_end(struct client *client, const char *how)
{
	client->how = how;
	return CLIENT_CLOSED;
}

static struct database_way
way_of(const struct client *client)
{
	return (struct database_way){
		.connection = client->home->connection,
		.software = client->database->software,
		.opened_ms = client->startup->opened_ms,
	};
}

enum client_state
client_not_postgres(struct client *client)
{
	const struct client_startup *startup = client->startup;
	const struct database_way way = way_of(client);

	database_fault_foreign(client_fault(client), &way, startup->answer,
	    startup->answer_len);
	return client_refuse(client);
}

static void
count_error(struct counts *counts, const char *sqlstate)
{
	counts_add(counts, COUNT_ERROR_CLASS + sqlstate_class(sqlstate), 1);
}

enum client_state
client_rejected(struct client *client, const struct pgwire_error_fields *error)
{
	const struct database_way way = way_of(client);

	count_error(&client->home->counts, error->sqlstate);
	database_fault_rejected(client_fault(client), &way, error);
	return client_refuse(client);
}

/*
 * A StartupMessage of protocol 3.1 or later: the low half of the version, which
 * is the minor one, is not 0.
 */
static bool
is_newer(const struct client_startup *startup)
{
	return startup->asked == PGWIRE_STARTUP && startup->kept_len >= 8 &&
	    (pgwire_int32(startup->kept + 4) & 0xffff) > 0;
}

/* The kind of hang-up: did the database speak as PostgreSQL before it? */
static enum failure
hang_up_of(const struct client_startup *startup)
{
	if (is_newer(startup))
		return FAIL_DB_CLOSED_NEWER;
	if (startup->was_answered)
		return FAIL_DB_HANGUP;
	return startup->asked == PGWIRE_TLS ? FAIL_DB_CLOSED_DIRECT
					    : FAIL_DB_CLOSED;
}

enum client_state
client_hung_up(struct client *client, bool is_lost)
{
	const struct client_startup *startup = client->startup;
	struct database_way way = way_of(client);

	if (startup->answer_len > 0 && !is_lost)
		return client_not_postgres(client);
	way.lost = is_lost ? client->database : NULL;
	database_fault_hung_up(client_fault(client), &way, hang_up_of(startup));
	return client_refuse(client);
}

static enum failure
silence_of(const struct client_startup *startup)
{
	if (is_newer(startup))
		return FAIL_DB_SILENT_NEWER;
	if (startup->asked == PGWIRE_GSSENC_REQUEST)
		return FAIL_DB_SILENT_GSS;
	return startup->asked == PGWIRE_SSL_REQUEST ? FAIL_DB_SILENT_TLS
						    : FAIL_DB_SILENT;
}

/*
 * The time that the database had began when the packet was ready and the
 * forward was open.  If it said anything, that was less than PostgreSQL says.
 */
enum client_state
client_silent(struct client *client)
{
	const struct client_startup *startup = client->startup;
	const struct database_way way = way_of(client);
	int64_t from_ms = startup->asked_ms > startup->opened_ms
	    ? startup->asked_ms
	    : startup->opened_ms;
	bool was_heard = stream_was_heard(client->database,
	    startup->heard_by_ms);

	if (was_heard && startup->answer_len > 0)
		return client_not_postgres(client);
	if (!was_heard)
		stream_name_silent(client->database, startup->heard_by_ms,
		    client_fault(client));
	database_fault_silent(client_fault(client), &way, silence_of(startup),
	    client->deadline_ms - from_ms, was_heard);
	return client_refuse(client);
}

/* --- The closing line ----------------------------------------------------- */

/* The ErrorResponse that ended the session, where it could be read. */
static struct pgwire_error_fields
last_error(const struct client *client)
{
	const struct pgwire_session *session = client->relay != NULL
	    ? relay_session(client->relay)
	    : NULL;
	struct pgwire_error_fields error = { .sqlstate = "" };

	if (session != NULL && session->is_over)
		pgwire_error_fields(session->error, session->error_len, &error);
	return error;
}

/* The client got the database's own error untouched; the log has it, too. */
static void
log_rejection(const struct client *client)
{
	const struct pgwire_session *session = client->relay != NULL
	    ? relay_session(client->relay)
	    : NULL;
	struct pgwire_error_fields error = last_error(client);

	if (session == NULL || !session->is_over || session->status != 0)
		return;
	log_warning("database refused client",
	    log_num("client", (int64_t)client->id),
	    log_str("connection", client->home->connection->name),
	    log_str("stage", failure_stage_info(STAGE_DB_REJECTED)->label),
	    log_str("sqlstate", error.sqlstate),
	    log_str("error", error.message));
}

static const char *
failed_stage(const struct client *client)
{
	const struct fault *fault = client->fault;

	if (fault == NULL || fault->code == FAIL_NONE)
		return NULL;
	return failure_stage(fault->code)->label;
}

void
client_log_closed(struct client *client)
{
	struct pgwire_error_fields error = last_error(client);
	bool is_probe = client_is_probe(client);
	bool is_minor = is_probe || client->missed > 0;
	char probes[24], missed[24];

	if (is_probe)
		snprintf(probes, sizeof probes, "%" PRIu64,
		    gate_probe(client->home->gate));
	snprintf(missed, sizeof missed, "%" PRIu64, client->missed);
	log_rejection(client);
	if (error.sqlstate[0] != '\0')
		count_error(&client->home->counts, error.sqlstate);
	log_write(is_minor ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "client closed",
	    LOG_LIST(log_num("client", (int64_t)client->id),
		log_str("connection", client->home->connection->name),
		log_str("peer", client_peer(client)),
		log_str("how", client->how),
		log_str("probes", is_probe ? probes : NULL),
		log_str("missed_cancels", client->missed > 0 ? missed : NULL),
		log_str("stage", failed_stage(client)),
		log_str("sqlstate", error.sqlstate[0] ? error.sqlstate : NULL),
		log_num("to_database", (int64_t)client->traffic.to_database),
		log_num("to_client", (int64_t)client->traffic.to_client),
		log_num("duration_ms", clock_ms() - client->start_ms)));
}
