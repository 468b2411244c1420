/* SPDX-License-Identifier: PostgreSQL */

/*
 * The relay between a client on a real socket and a database that the test
 * plays on a stream of its own kind.  That stream checks how it is written to,
 * and counts the bytes it is credited.
 */
#include "client/relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <event2/event.h>

#include "../sockets.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/socket_stream.h"
#include "base/stream.h"
#include "base/xmalloc.h"

#define PARK_MAX (1024 * 1024)
#define OUT_MAX  (8 * 1024 * 1024)

#define READY    "Z\0\0\0\5I"
#define READY_IN "Z\0\0\0\5T"
#define QUERY    "Q\0\0\0\6x\0"
#define ROW      "D\0\0\0\10abcd"
#define GOODBYE  "X\0\0\0\4"
#define FATAL    "E\0\0\0\25SFATAL\0C57P01\0M\0\0"

#define BYTES(text) text, sizeof(text) - 1

/* --- The database --------------------------------------------------------- */

struct database {
	struct stream stream;
	char *in; /* bytes that the relay reads */
	size_t in_len, in_read;
	char *out; /* bytes that the relay wrote */
	size_t out_len;
	size_t take_max;         /* bytes of one write; 0: it waits */
	const char *retry_bytes; /* those of a write that had to wait */
	size_t retry_len;
	size_t credited;
	bool is_ended, is_lost, is_finished, is_closed;
};

static ssize_t
database_read(struct stream *stream, void *buf, size_t len)
{
	struct database *self = (struct database *)stream;
	size_t left = self->in_len - self->in_read;

	if (left == 0 && self->is_lost)
		return STREAM_LOST;
	if (left == 0)
		return self->is_ended ? STREAM_END : STREAM_WAIT;
	if (len > left)
		len = left;
	memcpy(buf, self->in + self->in_read, len);
	self->in_read += len;
	return (ssize_t)len;
}

static void
check_retry(struct database *self, const void *buf, size_t len)
{
	if (self->retry_bytes == NULL)
		return;
	assert_true(len >= self->retry_len);
	assert_memory_equal(buf, self->retry_bytes, self->retry_len);
	free((void *)self->retry_bytes);
	self->retry_bytes = NULL;
}

static ssize_t
database_write(struct stream *stream, const void *buf, size_t len)
{
	struct database *self = (struct database *)stream;

	if (self->is_lost)
		return STREAM_LOST;
	check_retry(self, buf, len);
	if (self->take_max == 0) {
		self->retry_bytes = memcpy(xmalloc(len), buf, len);
		self->retry_len = len;
		return STREAM_WAIT;
	}
	if (len > self->take_max)
		len = self->take_max;
	assert_true(self->out_len + len <= OUT_MAX);
	memcpy(self->out + self->out_len, buf, len);
	self->out_len += len;
	return (ssize_t)len;
}

static void
database_credit(struct stream *stream, size_t len)
{
	((struct database *)stream)->credited += len;
}

static void
database_pause(struct stream *stream, bool is_paused)
{
	(void)stream, (void)is_paused;
}

static void
database_finish(struct stream *stream)
{
	((struct database *)stream)->is_finished = true;
}

static void
database_fault(struct stream *stream, struct fault *fault)
{
	(void)stream;
	fault_set(fault, FAIL_TUNNEL_LOST, "%s", "it broke");
}

static void
database_close(struct stream *stream, bool is_reset)
{
	(void)is_reset;
	((struct database *)stream)->is_closed = true;
}

static const struct stream_ops database_ops = {
	.read = database_read,
	.write = database_write,
	.credit = database_credit,
	.pause = database_pause,
	.finish = database_finish,
	.fault = database_fault,
	.close = database_close,
};

/* --- The lab -------------------------------------------------------------- */

struct lab {
	struct event_base *base;
	struct database database;
	int client;
	struct relay *relay;
	struct relay_traffic traffic;
	char scratch[64 * 1024];
};

static void
on_ready(void *arg)
{
	(void)arg;
}

static struct lab *
lab_new(struct sockets pair, bool is_opaque)
{
	struct lab *lab = xcalloc(1, sizeof *lab);
	struct relay_setup setup = {
		.take_database = &lab->database.stream,
		.is_opaque = is_opaque,
		.scratch = lab->scratch,
		.scratch_len = sizeof lab->scratch,
		.traffic = &lab->traffic,
	};

	lab->base = event_base_new();
	lab->database.stream.ops = &database_ops;
	lab->database.stream.park_max = PARK_MAX;
	lab->database.out = xmalloc(OUT_MAX);
	lab->database.take_max = OUT_MAX;
	lab->client = pair.far;
	setup.take_client = socket_stream_open(lab->base, pair.near);
	stream_listen(setup.take_client, on_ready, lab);
	lab->relay = relay_new(&setup);
	return lab;
}

static void
lab_free(struct lab *lab)
{
	relay_free(lab->relay, false);
	assert_true(lab->database.is_closed);
	event_base_free(lab->base);
	if (lab->client >= 0)
		close(lab->client);
	free((void *)lab->database.retry_bytes);
	free(lab->database.in);
	free(lab->database.out);
	free(lab);
}

static void
database_says(struct lab *lab, const void *bytes, size_t len)
{
	struct database *database = &lab->database;

	database->in = xreallocarray(database->in, database->in_len + len, 1);
	memcpy(database->in + database->in_len, bytes, len);
	database->in_len += len;
}

static enum relay_status
pump(struct lab *lab)
{
	enum relay_status status;

	do {
		event_base_loop(lab->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		status = relay_pump(lab->relay);
	} while (status == RELAY_AGAIN);
	return status;
}

static enum relay_farewell
leave(struct lab *lab)
{
	event_base_loop(lab->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	return relay_leave(lab->relay);
}

/* Pump until the status is the wanted one. */
static void
pump_until(struct lab *lab, enum relay_status want)
{
	int64_t deadline_ms = clock_ms() + PATIENCE_MS;

	while (pump(lab) != want)
		assert_true(clock_ms() < deadline_ms);
}

static void
pump_until_sent(struct lab *lab, size_t to_database)
{
	int64_t deadline_ms = clock_ms() + PATIENCE_MS;

	while (lab->traffic.to_database < to_database) {
		pump(lab);
		assert_true(clock_ms() < deadline_ms);
	}
}

/* The client reads exactly these bytes; the farewell goes on meanwhile. */
static void
client_reads(struct lab *lab, const void *want, size_t len, bool is_leaving)
{
	int64_t deadline_ms = clock_ms() + PATIENCE_MS;
	char *got = xmalloc(len + 1);
	size_t have = 0;

	while (have < len) {
		ssize_t some = recv(lab->client, got + have, len - have, 0);

		if (some > 0)
			have += (size_t)some;
		else
			assert_true(some < 0 && errno == EAGAIN);
		if (is_leaving)
			leave(lab);
		else
			pump(lab);
		assert_true(clock_ms() < deadline_ms);
	}
	assert_memory_equal(got, want, len);
	free(got);
}

/* The client reads the end: returns 0 after FIN, else the errno. */
static int
client_end(const struct lab *lab)
{
	struct pollfd pfd = { .fd = lab->client, .events = POLLIN };
	char byte;
	ssize_t got;

	assert_int_equal(poll(&pfd, 1, PATIENCE_MS), 1);
	got = recv(lab->client, &byte, 1, 0);
	assert_true(got <= 0);
	return got == 0 ? 0 : errno;
}

static void
client_sends(const struct lab *lab, const void *bytes, size_t len)
{
	assert_int_equal(send(lab->client, bytes, len, MSG_NOSIGNAL), len);
}

static char *
noise(size_t len)
{
	char *bytes = xmalloc(len);

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(rand() & 0xff);
	return bytes;
}

/* --- Bytes ---------------------------------------------------------------- */

static void
bytes_pass_down_exactly(void **state)
{
	struct lab *lab = lab_new(sockets_tcp(), true);
	const size_t len = 5 * 1024 * 1024;
	char *bytes = noise(len);

	(void)state;
	database_says(lab, bytes, len);
	client_reads(lab, bytes, len, false);
	assert_int_equal(lab->traffic.to_client, len);
	assert_int_equal(lab->database.credited, len);
	free(bytes);
	lab_free(lab);
}

static void
bytes_pass_up_exactly(void **state)
{
	struct lab *lab = lab_new(sockets_tcp(), true);
	const size_t len = 3 * 1024 * 1024;
	char *bytes = noise(len);
	size_t sent = 0;

	(void)state;
	for (int turn = 0; lab->database.out_len < len; turn++) {
		ssize_t some = sent == len
		    ? 0
		    : send(lab->client, bytes + sent, len - sent, MSG_NOSIGNAL);

		sent += some > 0 ? (size_t)some : 0;
		/* It waits, then takes a little, then much. */
		lab->database.take_max = turn % 3 == 0 ? 0
		    : turn % 3 == 1                    ? 1000
						       : OUT_MAX;
		pump(lab);
	}
	assert_memory_equal(lab->database.out, bytes, len);
	assert_int_equal(lab->traffic.to_database, len);
	free(bytes);
	lab_free(lab);
}

static void
early_bytes_come_first(void **state)
{
	struct lab *lab = lab_new(sockets_tcp(), true);

	(void)state;
	relay_send_client(lab->relay, "one", 3);
	relay_send_database(lab->relay, "uno", 3);
	database_says(lab, "two", 3);
	client_sends(lab, "due", 3);
	client_reads(lab, "onetwo", 6, false);
	pump_until_sent(lab, 6);
	assert_memory_equal(lab->database.out, "unodue", 6);
	assert_int_equal(lab->database.credited, 6);
	lab_free(lab);
}

/* The far side does not read: one read is parked, and no more is taken. */
static void
a_stuck_database_stops_the_client(void **state)
{
	struct lab *lab = lab_new(sockets_tcp(), true);
	char *bytes = noise(1024 * 1024);

	(void)state;
	lab->database.take_max = 0;
	for (int i = 0; i < 50; i++) {
		send(lab->client, bytes, 1024 * 1024, MSG_NOSIGNAL);
		pump(lab);
	}
	assert_in_range(lab->database.retry_len, 1, 64 * 1024);
	assert_int_equal(lab->traffic.to_database, 0);
	free(bytes);
	lab_free(lab);
}

/*
 * The client does not read: the parked bytes stay below park_max, and none of
 * them is credited.
 */
static void
a_stuck_client_bounds_what_is_held(void **state)
{
	struct lab *lab = lab_new(sockets_tcp(), true);
	const size_t len = 32 * 1024 * 1024;
	char *bytes = noise(len);

	(void)state;
	database_says(lab, bytes, len);
	for (int i = 0; i < 50; i++)
		pump(lab);
	assert_true(lab->database.in_read < len);
	assert_true(lab->database.in_read - lab->database.credited <= PARK_MAX);
	client_reads(lab, bytes, len, false);
	assert_int_equal(lab->database.credited, len);
	free(bytes);
	lab_free(lab);
}

/* --- Ends ----------------------------------------------------------------- */

static void
a_client_may_half_close(void **state)
{
	struct lab *lab = lab_new(sockets_tcp(), true);

	(void)state;
	client_sends(lab, "last", 4);
	shutdown(lab->client, SHUT_WR);
	pump_until_sent(lab, 4);
	pump_until(lab, RELAY_OPEN);
	while (!lab->database.is_finished)
		pump(lab);
	database_says(lab, "answer", 6);
	client_reads(lab, "answer", 6, false);
	lab->database.is_ended = true;
	pump_until(lab, RELAY_ENDED);
	assert_int_equal(client_end(lab), 0);
	lab_free(lab);
}

static void
a_database_may_half_close(void **state)
{
	struct lab *lab = lab_new(sockets_tcp(), true);

	(void)state;
	database_says(lab, "last", 4);
	lab->database.is_ended = true;
	pump_until(lab, RELAY_DATABASE_ENDED);
	client_reads(lab, "last", 4, false);
	assert_int_equal(client_end(lab), 0);
	client_sends(lab, "more", 4);
	pump_until_sent(lab, 4);
	assert_memory_equal(lab->database.out, "more", 4);
	shutdown(lab->client, SHUT_WR);
	pump_until(lab, RELAY_ENDED);
	assert_true(lab->database.is_finished);
	lab_free(lab);
}

static void
an_end_waits_for_what_is_parked(void **state)
{
	struct lab *lab = lab_new(sockets_tcp(), true);

	(void)state;
	lab->database.take_max = 0;
	client_sends(lab, "last", 4);
	shutdown(lab->client, SHUT_WR);
	while (lab->database.retry_len < 4)
		assert_int_equal(pump(lab), RELAY_OPEN);
	assert_int_equal(pump(lab), RELAY_OPEN);
	assert_false(lab->database.is_finished);
	assert_int_equal(lab->traffic.to_database, 0);
	lab->database.take_max = 2;
	while (!lab->database.is_finished)
		pump(lab);
	assert_memory_equal(lab->database.out, "last", 4);
	lab_free(lab);
}

static void
a_broken_client_is_told(void **state)
{
	struct lab *lab = lab_new(sockets_tcp(), false);

	(void)state;
	sockets_reset(lab->client);
	lab->client = -1;
	pump_until(lab, RELAY_CLIENT_LOST);
	lab_free(lab);
}

/* The statuses of a database's end, by the messages before it. */
static void
an_end_is_judged_by_the_session(void **state)
{
	static const struct {
		const char *front;
		size_t front_len;
		const char *back;
		size_t back_len;
		bool is_lost;
		enum relay_status status;
		enum pgwire_moment moment;
	} cases[] = {
		{ BYTES(""), BYTES(READY), false, RELAY_DATABASE_HUNG_UP,
		    PGWIRE_IDLE },
		{ BYTES(""), BYTES(READY_IN), false, RELAY_DATABASE_HUNG_UP,
		    PGWIRE_IDLE },
		{ BYTES(GOODBYE), BYTES(READY), false, RELAY_DATABASE_ENDED,
		    PGWIRE_IDLE },
		{ BYTES(QUERY GOODBYE), BYTES(READY ROW), false,
		    RELAY_DATABASE_HUNG_UP, PGWIRE_BUSY },
		{ BYTES(""), BYTES(READY), true, RELAY_DATABASE_LOST,
		    PGWIRE_IDLE },
		{ BYTES(QUERY), BYTES(READY ROW), false, RELAY_DATABASE_HUNG_UP,
		    PGWIRE_BUSY },
		{ BYTES(QUERY), BYTES(READY ROW), true, RELAY_DATABASE_LOST,
		    PGWIRE_BUSY },
		{ BYTES(QUERY), BYTES(READY ROW FATAL), false,
		    RELAY_DATABASE_ENDED, PGWIRE_OVER },
		{ BYTES(QUERY), BYTES(READY ROW FATAL), true,
		    RELAY_DATABASE_LOST, PGWIRE_OVER },
		{ BYTES(""), BYTES("R\0\0\0\10\0\0\0\0"), false,
		    RELAY_DATABASE_HUNG_UP, PGWIRE_STARTING },
		{ BYTES(""), BYTES(READY "N\0\0"), false,
		    RELAY_DATABASE_HUNG_UP, PGWIRE_CUT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lab *lab = lab_new(sockets_tcp(), false);

		/* The query follows the first ReadyForQuery. */
		database_says(lab, cases[i].back, cases[i].back_len);
		pump(lab);
		client_sends(lab, cases[i].front, cases[i].front_len);
		pump_until_sent(lab, cases[i].front_len);
		lab->database.is_ended = !cases[i].is_lost;
		lab->database.is_lost = cases[i].is_lost;
		pump_until(lab, cases[i].status);
		assert_int_equal(relay_moment(lab->relay), cases[i].moment);
		client_reads(lab, cases[i].back, cases[i].back_len, false);
		lab_free(lab);
	}
}

/* The query has been sent but not read when the tunnel breaks. */
static void
an_unread_query_makes_the_session_busy(void **state)
{
	struct lab *lab = lab_new(sockets_tcp(), false);

	(void)state;
	database_says(lab, BYTES(READY));
	client_reads(lab, BYTES(READY), false);
	client_sends(lab, BYTES(QUERY));
	lab->database.is_lost = true;
	pump_until(lab, RELAY_DATABASE_LOST);
	assert_int_equal(relay_moment(lab->relay), PGWIRE_BUSY);
	lab_free(lab);
}

#define TLS_DATA    "\27\3\3\0\27a message of PostgreSQL"
#define TLS_GOODBYE "\25\3\3\0\2\1"

static void
tls_that_is_cut_is_a_hang_up(void **state)
{
	struct lab *lab = lab_new(sockets_tcp(), true);

	(void)state;
	database_says(lab, BYTES(TLS_DATA));
	lab->database.is_ended = true;
	pump_until(lab, RELAY_DATABASE_HUNG_UP);
	lab_free(lab);
}

static void
tls_that_says_goodbye_is_an_end(void **state)
{
	struct lab *lab = lab_new(sockets_tcp(), true);

	(void)state;
	database_says(lab, BYTES(TLS_DATA));
	database_says(lab, TLS_GOODBYE, sizeof TLS_GOODBYE);
	lab->database.is_ended = true;
	pump_until(lab, RELAY_DATABASE_ENDED);
	lab_free(lab);
}

static void
tls_needs_no_goodbye_for_who_has_gone(void **state)
{
	struct lab *lab = lab_new(sockets_tcp(), true);

	(void)state;
	shutdown(lab->client, SHUT_WR);
	database_says(lab, BYTES(TLS_DATA));
	while (!lab->database.is_finished)
		pump(lab);
	lab->database.is_ended = true;
	pump_until(lab, RELAY_ENDED);
	lab_free(lab);
}

static void
an_opaque_session_is_always_cut(void **state)
{
	struct lab *lab = lab_new(sockets_tcp(), true);

	(void)state;
	database_says(lab, BYTES(READY));
	client_reads(lab, BYTES(READY), false);
	assert_int_equal(relay_moment(lab->relay), PGWIRE_CUT);
	assert_null(relay_session(lab->relay));
	lab_free(lab);
}

/* --- Farewells ------------------------------------------------------------ */

static void
last_words_follow_what_was_received(void **state)
{
	struct lab *lab = lab_new(sockets_tcp(), false);
	const size_t len = 9 * 100000;
	char *rows = xmalloc(len + 4), *end = rows + len;

	(void)state;
	for (size_t at = 0; at < len; at += 9)
		memcpy(rows + at, ROW, 9);
	memcpy(end, "bye!", 4);
	database_says(lab, rows, len);
	lab->database.is_lost = true;
	pump_until(lab, RELAY_DATABASE_LOST);
	relay_say(lab->relay, "bye!", 4);
	assert_true(lab->database.is_closed);
	client_reads(lab, rows, len + 4, true);
	assert_int_equal(leave(lab), RELAY_SAID);
	assert_int_equal(client_end(lab), 0);
	close(lab->client);
	lab->client = -1;
	while (leave(lab) != RELAY_GONE)
		;
	free(rows);
	lab_free(lab);
}

/* The client has its end already and takes no text. */
static void
what_cannot_be_said_is_not_counted(void **state)
{
	struct lab *lab = lab_new(sockets_tcp(), false);

	(void)state;
	database_says(lab, BYTES(READY));
	pump(lab);
	client_sends(lab, BYTES(GOODBYE));
	pump_until_sent(lab, sizeof GOODBYE - 1);
	lab->database.is_ended = true;
	pump_until(lab, RELAY_DATABASE_ENDED);
	relay_say(lab->relay, "late", 4);
	client_reads(lab, BYTES(READY), true);
	assert_int_equal(leave(lab), RELAY_SAID);
	assert_int_equal(client_end(lab), 0);
	assert_int_equal(lab->traffic.to_client, sizeof READY - 1);
	lab_free(lab);
}

/* Every byte arrives, then the RST, and never a FIN. */
static void
a_cut_delivers_everything_first(void **state)
{
	struct lab *lab = lab_new(sockets_tcp(), true);
	const size_t len = 900000;
	char *bytes = noise(len);

	(void)state;
	database_says(lab, bytes, len);
	lab->database.is_lost = true;
	pump_until(lab, RELAY_DATABASE_LOST);
	relay_cut(lab->relay);
	client_reads(lab, bytes, len, true);
	while (leave(lab) != RELAY_GONE)
		;
	relay_free(lab->relay, true);
	lab->relay = NULL;
	assert_int_equal(client_end(lab), ECONNRESET);
	free(bytes);
	lab_free(lab);
}

static void
a_cut_on_a_unix_socket_resets_by_unread_bytes(void **state)
{
	struct lab *lab = lab_new(sockets_unix(), true);

	(void)state;
	database_says(lab, "rows", 4);
	lab->database.is_lost = true;
	pump_until(lab, RELAY_DATABASE_LOST);
	relay_cut(lab->relay);
	client_sends(lab, "unread", 6);
	client_reads(lab, "rows", 4, true);
	while (leave(lab) != RELAY_GONE)
		;
	relay_free(lab->relay, true);
	lab->relay = NULL;
	assert_int_equal(client_end(lab), ECONNRESET);
	lab_free(lab);
}

static ssize_t
endless_read(struct stream *stream, void *buf, size_t len)
{
	struct database *self = (struct database *)stream;

	assert_true(self->in_read < OUT_MAX);
	self->in_read += len;
	memset(buf, 0, len);
	return (ssize_t)len;
}

static void
a_client_that_never_stops_has_its_turn(void **state)
{
	struct lab *lab = lab_new(sockets_unix(), false);
	struct stream_ops ops = database_ops;
	struct database client = { .take_max = 1 };
	struct relay_setup setup = { .take_client = &client.stream,
		.take_database = &lab->database.stream,
		.scratch = lab->scratch,
		.scratch_len = sizeof lab->scratch,
		.traffic = &lab->traffic };
	struct relay *relay = relay_new(&setup);

	(void)state;
	ops.read = endless_read;
	client.stream.ops = &ops;
	relay_say(relay, NULL, 0);
	assert_int_equal(relay_leave(relay), RELAY_SAID);
	assert_true(client.is_finished && client.in_read > 0);
	relay_free(relay, false);
	lab_free(lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_pass_down_exactly),
		cmocka_unit_test(bytes_pass_up_exactly),
		cmocka_unit_test(early_bytes_come_first),
		cmocka_unit_test(a_stuck_database_stops_the_client),
		cmocka_unit_test(a_stuck_client_bounds_what_is_held),
		cmocka_unit_test(a_client_may_half_close),
		cmocka_unit_test(a_database_may_half_close),
		cmocka_unit_test(an_end_waits_for_what_is_parked),
		cmocka_unit_test(a_broken_client_is_told),
		cmocka_unit_test(an_end_is_judged_by_the_session),
		cmocka_unit_test(an_unread_query_makes_the_session_busy),
		cmocka_unit_test(tls_that_is_cut_is_a_hang_up),
		cmocka_unit_test(tls_that_says_goodbye_is_an_end),
		cmocka_unit_test(tls_needs_no_goodbye_for_who_has_gone),
		cmocka_unit_test(an_opaque_session_is_always_cut),
		cmocka_unit_test(last_words_follow_what_was_received),
		cmocka_unit_test(what_cannot_be_said_is_not_counted),
		cmocka_unit_test(a_cut_delivers_everything_first),
		cmocka_unit_test(a_cut_on_a_unix_socket_resets_by_unread_bytes),
		cmocka_unit_test(a_client_that_never_stops_has_its_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
