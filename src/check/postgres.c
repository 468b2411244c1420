/* SPDX-License-Identifier: PostgreSQL */

/*
 * The database is asked as a client would ask, and what it does not say right
 * is told in the words of database_fault.
 */
#include "check/postgres.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/stream.h"
#include "check/route.h"
#include "client/database_fault.h"
#include "config/config.h"
#include "pg/pgwire.h"
#include "tls/client.h"
#include "tls/tls.h"

/* How long the database may take over a goodbye. */
#define GOODBYE_MAX_MS 1000

/* "SSLRequest" of the chapter "Message Formats": length, code. */
static const unsigned char ssl_request[] = { 0, 0, 0, 8, 4, 210, 22, 47 };

/* When it must have answered; the tunnel must be heard from heard_ms on. */
struct patience {
	int64_t asked_ms, heard_ms, by_ms;
	bool was_answered; /* it has spoken as PostgreSQL before */
};

static struct patience
wait_for(const struct check_talk *talk, bool was_answered)
{
	const struct check_task *task = talk->task;
	int64_t allowed_ms = task->connection->ssl_response_timeout_ms;
	struct patience wait = { .asked_ms = clock_ms(),
		.was_answered = was_answered };

	wait.by_ms = check_route_task_by_ms(task, allowed_ms);
	wait.heard_ms = wait.asked_ms + (wait.by_ms - wait.asked_ms) / 4;
	stream_expect_by(talk->stream, wait.heard_ms);
	return wait;
}

static struct database_way
way_of(const struct check_talk *talk)
{
	return (struct database_way){
		.connection = talk->task->connection,
		.software = talk->stream->software,
		.opened_ms = talk->opened_ms,
	};
}

static enum failure
fail_ended(const struct check_talk *talk, const struct patience *wait,
    bool is_lost, struct fault *fault)
{
	struct database_way way = way_of(talk);

	way.lost = is_lost ? talk->stream : NULL;
	database_fault_hung_up(fault, &way,
	    wait->was_answered ? FAIL_DB_HANGUP : FAIL_DB_CLOSED);
	return fault->code;
}

static enum failure
fail_silent(const struct check_talk *talk, const struct patience *wait,
    struct fault *fault)
{
	struct database_way way = way_of(talk);

	database_fault_silent(fault, &way, FAIL_DB_SILENT_TLS,
	    wait->by_ms - wait->asked_ms,
	    stream_was_heard(talk->stream, wait->heard_ms));
	return fault->code;
}

/* Nothing can be done now: wait, or say why there is nothing to wait for. */
static enum failure
turn(const struct check_talk *talk, const struct patience *wait,
    struct fault *fault)
{
	switch (check_route_turn(talk->route, wait->by_ms)) {
	case CHECK_TURN_GO:
		return FAIL_NONE;
	case CHECK_TURN_TIMEOUT:
		return fail_silent(talk, wait, fault);
	case CHECK_TURN_CANCELLED:
		break;
	}
	return fault_set_code(fault, FAIL_SHUTDOWN);
}

/* Everything is sent, or a fault is set.  A broken stream is found out by
 * reading. */
static enum failure
send_all(const struct check_talk *talk, const struct patience *wait,
    const void *bytes, size_t len, struct fault *fault)
{
	const char *at = bytes;
	ssize_t taken;

	while (len > 0) {
		taken = stream_write(talk->stream, at, len);
		if (taken == STREAM_LOST)
			return FAIL_NONE;
		if (taken > 0) {
			at += taken;
			len -= (size_t)taken;
		} else if (turn(talk, wait, fault) != FAIL_NONE) {
			return fault->code;
		}
	}
	return FAIL_NONE;
}

/* At least one byte, STREAM_END, or STREAM_LOST; else the fault is set. */
static ssize_t
receive(const struct check_talk *talk, const struct patience *wait, void *buf,
    size_t size, struct fault *fault)
{
	ssize_t got;

	while ((got = stream_read(talk->stream, buf, size)) == STREAM_WAIT)
		if (turn(talk, wait, fault) != FAIL_NONE)
			return STREAM_WAIT;
	if (got > 0)
		stream_credit(talk->stream, (size_t)got);
	return got;
}

static enum failure
judge_answer(const struct check_talk *talk, const char *bytes, size_t len,
    char *answer, struct fault *fault)
{
	struct database_way way = way_of(talk);
	struct pgwire_error_fields error;

	*answer = bytes[0];
	if (len == 1 && (bytes[0] == 'S' || bytes[0] == 'N'))
		return FAIL_NONE;
	if (pgwire_refusal(bytes, len, &error) == PGWIRE_ANSWER_PLAUSIBLE)
		database_fault_rejected(fault, &way, &error);
	else
		database_fault_foreign(fault, &way, bytes, len);
	return fault->code;
}

enum failure
check_postgres_ask(const struct check_talk *talk, char *answer,
    struct fault *fault)
{
	struct patience wait = wait_for(talk, false);
	char bytes[PGWIRE_ANSWER_MAX];
	ssize_t got;

	if (send_all(talk, &wait, ssl_request, sizeof ssl_request, fault) !=
	    FAIL_NONE)
		return fault->code;
	got = receive(talk, &wait, bytes, sizeof bytes, fault);
	if (fault->code != FAIL_NONE)
		return fault->code;
	if (got <= 0)
		return fail_ended(talk, &wait, got == STREAM_LOST, fault);
	return judge_answer(talk, bytes, (size_t)got, answer, fault);
}

static enum failure
send_output(const struct check_talk *talk, const struct patience *wait,
    struct tls_client *client, struct fault *fault)
{
	const void *bytes;
	size_t len = tls_client_output(client, &bytes);

	send_all(talk, wait, bytes, len, fault);
	tls_client_sent(client, len);
	return fault->code;
}

/* One round: what is to be said, then what is answered. */
static enum failure
exchange(const struct check_talk *talk, const struct patience *wait,
    struct tls_client *client, struct fault *fault)
{
	char bytes[4096];
	ssize_t got;

	if (send_output(talk, wait, client, fault) != FAIL_NONE)
		return fault->code;
	got = receive(talk, wait, bytes, sizeof bytes, fault);
	if (got > 0)
		tls_client_feed(client, bytes, (size_t)got);
	else if (got == STREAM_END)
		tls_client_closed(client, fault);
	else if (got == STREAM_LOST)
		fail_ended(talk, wait, true, fault);
	return fault->code;
}

/* The request was sent and answered already. */
static void
begin(struct tls_client *client, char answer)
{
	const void *bytes;
	size_t len = tls_client_output(client, &bytes);

	assert(len == sizeof ssl_request);
	tls_client_sent(client, len);
	tls_client_feed(client, &answer, 1);
}

static enum tls_client_status
shake_hands(const struct check_talk *talk, struct tls_client *client,
    struct fault *fault)
{
	struct patience wait = wait_for(talk, true);
	struct fault ignored = { 0 };
	enum tls_client_status status;

	while ((status = tls_client_step(client, fault)) == TLS_CLIENT_WAIT)
		if (exchange(talk, &wait, client, fault) != FAIL_NONE)
			return TLS_CLIENT_FAILED;
	send_output(talk, &wait, client, &ignored); /* the last of it */
	return status;
}

/* One more piece from the database; false: there is none. */
static bool
hear_goodbye(const struct check_talk *talk, const struct patience *wait,
    struct tls *tls, struct fault *fault)
{
	struct fault ignored = { 0 };
	char bytes[4096];
	ssize_t got = receive(talk, wait, bytes, sizeof bytes, &ignored);

	if (got <= 0)
		return false;
	tls_feed(tls, bytes, (size_t)got);
	got = tls_read(tls, bytes, sizeof bytes);
	if (got == -2)
		tls_client_explain(tls, fault);
	return got != -2 && got != 0;
}

/*
 * A goodbye, that the log of the database has no complaint of us; and in TLS
 * 1.3 our handshake is done before the database has judged our certificate:
 * it has, when it answers.
 */
static void
part(const struct check_talk *talk, struct tls *tls, struct fault *fault)
{
	struct patience wait = wait_for(talk, true);
	struct fault ignored = { 0 };
	const void *bytes;
	size_t len;

	wait.by_ms = check_route_task_by_ms(talk->task, GOODBYE_MAX_MS);
	tls_finish(tls);
	len = tls_output(tls, &bytes);
	send_all(talk, &wait, bytes, len, &ignored);
	tls_output_sent(tls, len);
	stream_finish(talk->stream);
	while (hear_goodbye(talk, &wait, tls, fault))
		;
	tls_free(tls);
}

enum failure
check_postgres_tls(const struct check_talk *talk, char answer,
    bool *is_encrypted, struct tls_facts *facts, struct fault *fault)
{
	struct tls_client_rules
	    *rules = tls_client_rules_new(talk->task->connection, fault);
	struct tls_client *client;

	*is_encrypted = false;
	memset(facts, 0, sizeof *facts);
	if (rules == NULL)
		return fault->code;
	client = tls_client_new(rules);
	begin(client, answer);
	*is_encrypted = shake_hands(talk, client, fault) == TLS_CLIENT_READY;
	*facts = *tls_client_facts(client);
	if (*is_encrypted)
		part(talk, tls_client_take(client), fault);
	tls_client_free(client);
	tls_client_rules_free(rules);
	return fault->code;
}

void
check_postgres_part(const struct check_talk *talk)
{
	struct patience wait = wait_for(talk, true);
	struct fault ignored = { 0 };
	char bytes[512];

	wait.by_ms = check_route_task_by_ms(talk->task, GOODBYE_MAX_MS);
	stream_finish(talk->stream);
	while (receive(talk, &wait, bytes, sizeof bytes, &ignored) > 0)
		;
}
