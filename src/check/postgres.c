/* SPDX-License-Identifier: PostgreSQL */

/*
 * We ask the database as a client would, and describe a wrong answer in the
 * words of client/database_fault.h.
 */
#include "check/postgres.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/stream.h"
#include "check/route.h"
#include "check/state.h"
#include "client/database_fault.h"
#include "config/config.h"
#include "pg/pgwire.h"
#include "tls/client.h"
#include "tls/pump.h"
#include "tls/tls.h"

/* A local database ends at once; a busy one far away deserves a second, and
 * nothing depends on its goodbye. */
#define GOODBYE_MAX_MS 1000

/* The database must answer by by_ms.  If nothing came through the tunnel since
 * heard_ms, the tunnel is to blame for the silence. */
struct patience {
	int64_t asked_ms, heard_ms, by_ms;
};

static struct patience
wait_for(const struct check_state *state)
{
	const struct check_task *task = state->task;
	int64_t allowed_ms = task->connection->ssl_response_timeout_ms;
	struct patience wait = { .asked_ms = clock_ms() };

	wait.by_ms = check_route_task_by_ms(task, allowed_ms);
	wait.heard_ms = wait.asked_ms + (wait.by_ms - wait.asked_ms) / 4;
	stream_expect_by(state->database, wait.heard_ms);
	return wait;
}

static struct database_way
way_of(const struct check_state *state)
{
	return (struct database_way){
		.connection = state->task->connection,
		.software = state->database->software,
		.opened_ms = state->opened_ms,
	};
}

static enum failure
fail_ended(const struct check_state *state, bool is_lost, struct fault *fault)
{
	struct database_way way = way_of(state);

	way.lost = is_lost ? state->database : NULL;
	database_fault_hung_up(fault, &way, FAIL_DB_CLOSED);
	return fault->code;
}

static enum failure
fail_silent(const struct check_state *state, const struct patience *wait,
    struct fault *fault)
{
	struct database_way way = way_of(state);
	bool was_heard = stream_was_heard(state->database, wait->heard_ms);

	if (!was_heard)
		check_route_name_silent(state->route, fault);
	database_fault_silent(fault, &way, FAIL_DB_SILENT_TLS,
	    wait->by_ms - wait->asked_ms, was_heard);
	return fault->code;
}

/*
 * Wait until something may have changed, or set the fault that ends the wait.
 */
static enum failure
turn(const struct check_state *state, const struct patience *wait,
    struct fault *fault)
{
	switch (check_route_turn(state->route, wait->by_ms)) {
	case CHECK_TURN_GO:
		return FAIL_NONE;
	case CHECK_TURN_TIMEOUT:
		return fail_silent(state, wait, fault);
	case CHECK_TURN_CANCELLED:
		break;
	}
	return fault_set_code(fault, FAIL_SHUTDOWN);
}

/*
 * Send everything, or set the fault.  A broken stream is found out by reading.
 */
static enum failure
send_all(const struct check_state *state, const struct patience *wait,
    const void *bytes, size_t len, struct fault *fault)
{
	const char *at = bytes;
	ssize_t taken;

	while (len > 0) {
		taken = stream_write(state->database, at, len);
		if (taken == STREAM_LOST)
			return FAIL_NONE;
		if (taken > 0) {
			at += taken;
			len -= (size_t)taken;
		} else if (turn(state, wait, fault) != FAIL_NONE) {
			return fault->code;
		}
	}
	return FAIL_NONE;
}

/* Read at least one byte, STREAM_END or STREAM_LOST; else set the fault. */
static ssize_t
receive(const struct check_state *state, const struct patience *wait, void *buf,
    size_t size, struct fault *fault)
{
	ssize_t got;

	while ((got = stream_read(state->database, buf, size)) == STREAM_WAIT)
		if (turn(state, wait, fault) != FAIL_NONE)
			return STREAM_WAIT;
	if (got > 0)
		stream_credit(state->database, (size_t)got);
	return got;
}

static enum failure
judge_answer(const struct check_state *state, const char *bytes, size_t len,
    struct fault *fault)
{
	struct database_way way = way_of(state);
	struct pgwire_error_fields error;

	if (len == 1 && (bytes[0] == 'S' || bytes[0] == 'N'))
		return FAIL_NONE;
	if (pgwire_refusal(bytes, len, &error) == PGWIRE_ANSWER_PLAUSIBLE)
		database_fault_rejected(fault, &way, &error);
	else
		database_fault_foreign(fault, &way, bytes, len);
	return fault->code;
}

enum failure
check_postgres_ask(struct check_state *state)
{
	struct fault *fault = &state->fault;
	struct patience wait = wait_for(state);
	char bytes[PGWIRE_ANSWER_MAX];
	ssize_t got;

	if (send_all(state, &wait, pgwire_ssl_request, PGWIRE_SSL_REQUEST_LEN,
		fault) != FAIL_NONE)
		return fault->code;
	got = receive(state, &wait, bytes, sizeof bytes, fault);
	if (fault->code != FAIL_NONE)
		return fault->code;
	if (got <= 0)
		return fail_ended(state, got == STREAM_LOST, fault);
	state->tls_answer = bytes[0];
	return judge_answer(state, bytes, (size_t)got, fault);
}

/* check_postgres_ask() has sent the request and taken the answer. */
static void
begin(struct tls_client *client, char answer)
{
	const void *bytes;
	size_t len = tls_client_output(client, &bytes);

	assert(len == PGWIRE_SSL_REQUEST_LEN);
	tls_client_sent(client, len);
	tls_client_feed(client, &answer, 1);
}

static enum tls_client_status
shake_hands(const struct check_state *state, struct tls_client *client,
    struct fault *fault)
{
	struct patience wait = wait_for(state);
	enum tls_client_status status;

	while ((status = tls_pump(client, state->database, fault)) ==
	    TLS_CLIENT_WAIT)
		if (turn(state, &wait, fault) != FAIL_NONE)
			return TLS_CLIENT_FAILED;
	return status;
}

/* Read one more piece from the database; false: there is none. */
static bool
hear_goodbye(const struct check_state *state, const struct patience *wait,
    struct tls *tls, struct fault *fault)
{
	struct fault ignored = { 0 };
	char bytes[4096];
	ssize_t got = receive(state, wait, bytes, sizeof bytes, &ignored);

	if (got <= 0)
		return false;
	tls_feed(tls, bytes, (size_t)got);
	got = tls_read(tls, bytes, sizeof bytes);
	if (got == TLS_READ_FAILED)
		tls_client_explain(tls, fault);
	return got != TLS_READ_FAILED && got != TLS_READ_END;
}

/*
 * Say goodbye in TLS, or the log of the database would complain of us.  And in
 * TLS 1.3 our handshake is done before the database has judged our certificate:
 * its answer to the goodbye tells.
 */
static void
part(const struct check_state *state, struct tls *tls, struct fault *fault)
{
	struct patience wait = wait_for(state);
	struct fault ignored = { 0 };
	const void *bytes;
	size_t len;

	wait.by_ms = check_route_task_by_ms(state->task, GOODBYE_MAX_MS);
	tls_finish(tls);
	len = tls_output(tls, &bytes);
	send_all(state, &wait, bytes, len, &ignored);
	tls_output_sent(tls, len);
	stream_finish(state->database);
	while (hear_goodbye(state, &wait, tls, fault))
		;
	tls_free(tls);
}

bool
check_postgres_tls(struct check_state *state, struct tls_facts *facts)
{
	struct tls_client_rules *rules =
	    tls_client_rules_new(state->task->connection, &state->fault);
	struct tls_client *client;
	bool is_encrypted;

	memset(facts, 0, sizeof *facts);
	if (rules == NULL)
		return false;
	client = tls_client_new(rules);
	begin(client, state->tls_answer);
	is_encrypted = shake_hands(state, client, &state->fault) ==
	    TLS_CLIENT_READY;
	*facts = *tls_client_facts(client);
	if (is_encrypted)
		part(state, tls_client_take(client), &state->fault);
	tls_client_free(client);
	tls_client_rules_free(rules);
	return is_encrypted;
}

void
check_postgres_part(const struct check_state *state)
{
	struct patience wait = wait_for(state);
	struct fault ignored = { 0 };
	char bytes[512];

	wait.by_ms = check_route_task_by_ms(state->task, GOODBYE_MAX_MS);
	stream_finish(state->database);
	while (receive(state, &wait, bytes, sizeof bytes, &ignored) > 0)
		;
}
