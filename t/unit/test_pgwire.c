/* SPDX-License-Identifier: PostgreSQL */

/*
 * What first packets are, what answers are plausible, what an ErrorResponse
 * looks like, and where a session stands when one way ends.
 */
#include "pgwire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "pgwire_session.h"

/* A text with NULs in it, without the one at its end. */
#define BYTES(text) text, sizeof(text) - 1

/* --- First packets -------------------------------------------------------- */

static const struct packet_case {
	const char *bytes;
	size_t len;
	enum pgwire_kind kind;
	size_t packet_len;
} packet_cases[] = {
	{ BYTES(""), PGWIRE_MORE, 0 },
	{ BYTES("\0\0\0\10\4\322\26\57"), PGWIRE_SSL_REQUEST, 8 },
	{ BYTES("\0\0\0\10\4\322\26\60"), PGWIRE_GSSENC_REQUEST, 8 },
	{ BYTES("\0\0\0\10\4\322\26\57xyz"), PGWIRE_SSL_REQUEST, 8 },
	{ BYTES("\0\0\0\11\4\322\26\57x"), PGWIRE_MALFORMED, 0 },
	{ BYTES("\0\0\0\20\4\322\26\56pid_key_"), PGWIRE_CANCEL_REQUEST, 16 },
	{ BYTES("\0\0\0\17\4\322\26\56pid_key"), PGWIRE_MALFORMED, 0 },
	{ BYTES("\0\0\1\14\4\322\26\56pid_"), PGWIRE_MORE, 0 },
	{ BYTES("\0\0\1\15\4\322\26\56pid_"), PGWIRE_MALFORMED, 0 },
	{ BYTES("\0\0\0\21\0\3\0\0user\0me\0"), PGWIRE_MORE, 0 },
	{ BYTES("\0\0\0\21\0\3\0\0user\0me\0\0"), PGWIRE_STARTUP, 17 },
	{ BYTES("\0\0\0\21\0\3\0\2user\0me\0\0"), PGWIRE_STARTUP, 17 },
	{ BYTES("\0\0\0\11\0\3\0\0\0"), PGWIRE_STARTUP, 9 },
	{ BYTES("\0\0\0\10\0\3\0\0"), PGWIRE_MALFORMED, 0 },
	{ BYTES("\0\0\0\21\0\3\0\0user\0appp"), PGWIRE_MALFORMED, 0 },
	{ BYTES("\0\0\0\16\0\3\0\0user\0\0"), PGWIRE_MALFORMED, 0 },
	{ BYTES("\0\0\0\22\0\3\0\0user\0me\0\0x"), PGWIRE_MALFORMED, 0 },
	{ BYTES("\0\0\47\20\0\3\0\0"), PGWIRE_MORE, 0 },
	{ BYTES("\0\0\47\21\0\3\0\0"), PGWIRE_MALFORMED, 0 },
	{ BYTES("\0\0\0\20\0\2\0\0user\0me\0"), PGWIRE_FOREIGN, 0 },
	{ BYTES("\0\0\0\20\0\4\0\0user\0me\0"), PGWIRE_FOREIGN, 0 },
	{ BYTES("\0\0\0\7"), PGWIRE_FOREIGN, 0 },
	{ BYTES("\0\0\0\0\0\0\0\0"), PGWIRE_FOREIGN, 0 },
	{ BYTES("\0\377\377\377\0\0\0\0"), PGWIRE_FOREIGN, 0 },
	{ BYTES("\26"), PGWIRE_MORE, 0 },
	{ BYTES("\26\3\1\0\5\1"), PGWIRE_MORE, 0 },
	{ BYTES("\26\3\1\0\5\1\0\0\1x"), PGWIRE_TLS, 10 },
	{ BYTES("\26\3\1\0\5\1\0\0\1xmore"), PGWIRE_TLS, 10 },
	{ BYTES("\26\3\1\0\5\2\0\0\1x"), PGWIRE_FOREIGN, 0 },
	{ BYTES("\26\3\1\100\1\1"), PGWIRE_FOREIGN, 0 },
	{ BYTES("\26\2"), PGWIRE_FOREIGN, 0 },
	{ BYTES("G"), PGWIRE_MORE, 0 },
	{ BYTES("GET / HTTP/1.1\r\n"), PGWIRE_HTTP, 0 },
	{ BYTES("PRI * HTTP/2.0\r\n"), PGWIRE_HTTP, 0 },
	{ BYTES("POST /x"), PGWIRE_HTTP, 0 },
	{ BYTES("GETTING"), PGWIRE_FOREIGN, 0 },
	{ BYTES("SSH-2.0-x\r\n"), PGWIRE_FOREIGN, 0 },
	{ BYTES("*1\r\n$4\r\nPING\r\n"), PGWIRE_FOREIGN, 0 },
	{ BYTES("\377\377"), PGWIRE_FOREIGN, 0 },
};

static void
first_packets_are_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof packet_cases / sizeof *packet_cases;
	     i++) {
		const struct packet_case *c = &packet_cases[i];
		struct pgwire_packet got = pgwire_packet(c->bytes, c->len);

		if (got.kind != c->kind || got.len != c->packet_len)
			fail_msg("case %zu: kind %d, length %zu", i, got.kind,
			    got.len);
		if (got.kind >= PGWIRE_MALFORMED)
			assert_non_null(got.what);
	}
}

/* A sender of single bytes is told the same, and nothing before it is sure. */
static void
no_packet_is_decided_before_its_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof packet_cases / sizeof *packet_cases;
	     i++) {
		const struct packet_case *c = &packet_cases[i];

		for (size_t len = 0; len < c->packet_len; len++)
			assert_int_equal(pgwire_packet(c->bytes, len).kind,
			    PGWIRE_MORE);
	}
}

static void
foreign_protocols_are_named(void **state)
{
	(void)state;
	assert_string_equal(pgwire_packet(BYTES("SSH-2.0-x")).what,
	    "an SSH banner");
	assert_string_equal(pgwire_packet(BYTES("*1\r\n")).what,
	    "a Redis command");
	assert_string_equal(pgwire_packet(BYTES("GET /")).what,
	    "an HTTP request");
	assert_string_equal(pgwire_packet(BYTES("\0\0\0\10\0\2\0\0")).what,
	    "a start-up packet of an unknown protocol version");
}

static void
only_protocol_3_reads_errors(void **state)
{
	(void)state;
	assert_true(pgwire_can_read_error(BYTES("\0\0\0\20\0\3\0\0us")));
	assert_true(pgwire_can_read_error(BYTES("\0\0\0\10\4\322\26\57")));
	assert_false(pgwire_can_read_error(BYTES("\0\0\0\20\0\3\0")));
	assert_false(pgwire_can_read_error(BYTES("\0\0\0\20\0\2\0\0")));
	assert_false(pgwire_can_read_error(BYTES("GET / HTTP")));
}

/* --- First answers -------------------------------------------------------- */

static void
answers_are_judged(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum pgwire_answer answer;
	} cases[] = {
		{ BYTES(""), PGWIRE_ANSWER_MORE },
		{ BYTES("R\0\0\0"), PGWIRE_ANSWER_MORE },
		{ BYTES("R\0\0\0\10\0\0\0\0"), PGWIRE_ANSWER_PLAUSIBLE },
		{ BYTES("R\0\0\0\7"), PGWIRE_ANSWER_FOREIGN },
		{ BYTES("v\0\0\0\14"), PGWIRE_ANSWER_PLAUSIBLE },
		{ BYTES("N\0\0\0\50"), PGWIRE_ANSWER_PLAUSIBLE },
		{ BYTES("E\0\0\0\50"), PGWIRE_ANSWER_PLAUSIBLE },
		{ BYTES("E\0\0\165\60"), PGWIRE_ANSWER_FOREIGN },
		{ BYTES("Ecould not fork new process"),
		    PGWIRE_ANSWER_PLAUSIBLE },
		{ BYTES("ERROR\r\n"), PGWIRE_ANSWER_FOREIGN },
		{ BYTES("RFB 003.008"), PGWIRE_ANSWER_FOREIGN },
		{ BYTES("H"), PGWIRE_ANSWER_FOREIGN },
		{ BYTES("Z\0\0\0\5I"), PGWIRE_ANSWER_FOREIGN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (pgwire_answer(cases[i].bytes, cases[i].len) !=
		    cases[i].answer)
			fail_msg("case %zu", i);
}

/* --- ErrorResponse -------------------------------------------------------- */

static void
an_error_has_every_field_in_order(void **state)
{
	unsigned char buf[PGWIRE_ERROR_MAX];
	const struct pgwire_text text = { "FATAL", "57P03", "what", "facts",
		"Do it." };
	static const char want[] = "E\0\0\0\57SFATAL\0VFATAL\0C57P03\0Mwhat\0"
				   "Dfacts\0HDo it.\0";

	(void)state;
	assert_int_equal(pgwire_error(buf, &text), sizeof want);
	assert_memory_equal(buf, want, sizeof want);
}

static void
an_empty_field_is_left_out(void **state)
{
	unsigned char buf[PGWIRE_ERROR_MAX];
	const struct pgwire_text text = { "FATAL", "57P03", "what", "", NULL };
	static const char want[] = "E\0\0\0\40SFATAL\0VFATAL\0C57P03\0Mwhat\0";

	(void)state;
	assert_int_equal(pgwire_error(buf, &text), sizeof want);
	assert_memory_equal(buf, want, sizeof want);
}

static void
an_error_is_bounded(void **state)
{
	unsigned char buf[PGWIRE_ERROR_MAX];
	char *huge = malloc(40000);
	struct pgwire_text text = { "FATAL", "57P03", huge, huge, huge };
	size_t len;

	(void)state;
	memset(huge, 'x', 39999);
	huge[39999] = '\0';
	len = pgwire_error(buf, &text);
	assert_in_range(len, PGWIRE_ERROR_MAX - 16, PGWIRE_ERROR_MAX);
	assert_int_equal(buf[1] << 24 | buf[2] << 16 | buf[3] << 8 | buf[4],
	    len - 1);
	assert_int_equal(buf[len - 1], 0);
	assert_int_equal(buf[len - 2], 0);
	free(huge);
}

#define SCRAM      "SCRAM-SHA-256\0"
#define SCRAM_PLUS "SCRAM-SHA-256-PLUS\0"
#define ASK_BOTH   "R\0\0\0\52\0\0\0\12" SCRAM_PLUS SCRAM "\0"
#define ASK_ONE    "R\0\0\0\27\0\0\0\12" SCRAM "\0"
#define NEGOTIATE  "v\0\0\0\14\0\3\0\0\0\0\0\0"

static void
channel_binding_is_taken_out_of_an_offer(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *left;
		size_t left_len;
		bool is_sasl;
	} cases[] = {
		{ BYTES(ASK_BOTH), BYTES(ASK_ONE), true },
		{ BYTES(ASK_ONE), BYTES(ASK_ONE), true },
		{ BYTES(NEGOTIATE ASK_BOTH), BYTES(NEGOTIATE ASK_ONE), true },
		{ BYTES("R\0\0\0\10\0\0\0\0"), BYTES("R\0\0\0\10\0\0\0\0"),
		    false },
		{ BYTES(ASK_BOTH "E"), BYTES(ASK_BOTH "E"), false },
		{ BYTES("R\0\0\0\52\0\0\0\12" SCRAM),
		    BYTES("R\0\0\0\52\0\0\0\12" SCRAM), false },
		{ BYTES("v\377\377\377\377"), BYTES("v\377\377\377\377"),
		    false },
		{ BYTES("R"), BYTES("R"), false },
	};
	char buf[100];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		memcpy(buf, cases[i].bytes, cases[i].len);
		assert_int_equal(pgwire_asks_sasl(buf, cases[i].len),
		    cases[i].is_sasl);
		assert_int_equal(pgwire_unbind(buf, cases[i].len),
		    cases[i].left_len);
		assert_memory_equal(buf, cases[i].left, cases[i].left_len);
	}
}

static void
the_fields_of_an_error_are_read(void **state)
{
	struct pgwire_error_fields fields;

	(void)state;
	pgwire_error_fields(
	    BYTES("SFATALE\0VFATAL\0C28P01\0Mno such user\0Fx.c\0"), &fields);
	assert_string_equal(fields.severity, "FATAL");
	assert_string_equal(fields.sqlstate, "28P01");
	assert_string_equal(fields.message, "no such user");
	pgwire_error_fields(BYTES("SFATAL\0C57P"), &fields);
	assert_string_equal(fields.severity, "FATAL");
	assert_string_equal(fields.sqlstate, "57P");
	assert_string_equal(fields.message, "");
	pgwire_error_fields(BYTES("CTOOLONG\0"), &fields);
	assert_string_equal(fields.sqlstate, "TOOLO");
}

/* --- Sessions ------------------------------------------------------------- */

#define READY       "Z\0\0\0\5I"
#define READY_IN    "Z\0\0\0\5T"
#define AUTH_OK     "R\0\0\0\10\0\0\0\0"
#define QUERY       "Q\0\0\0\6x\0"
#define SYNC        "S\0\0\0\4"
#define PARSE       "P\0\0\0\5\0"
#define EXECUTE     "E\0\0\0\5\0"
#define FUNCTION    "F\0\0\0\4"
#define TERMINATE   "X\0\0\0\4"
#define PASSWORD    "p\0\0\0\6x\0"
#define COPY_DATA   "d\0\0\0\7abc"
#define COPY_DONE   "c\0\0\0\4"
#define COPY_FAIL   "f\0\0\0\5\0"
#define COPY_IN     "G\0\0\0\7\0\0\0"
#define COPY_OUT    "H\0\0\0\7\0\0\0"
#define COPY_BOTH   "W\0\0\0\7\0\0\0"
#define COMPLETE    "C\0\0\0\6x\0"
#define ROW         "D\0\0\0\10abcd"
#define PLAIN_ERROR "E\0\0\0\23SERROR\0C42601\0\0"
#define FATAL_ERROR "E\0\0\0\25SFATAL\0C57P01\0M\0\0"

/* One step: bytes of a client (`is_front`) or of the database. */
struct step {
	bool is_front;
	const char *bytes;
	size_t len;
};

#define FRONT(text)               \
	{                         \
		true, BYTES(text) \
	}
#define BACK(text)                 \
	{                          \
		false, BYTES(text) \
	}

static const struct session_case {
	const char *name;
	struct step steps[10];
	enum pgwire_moment moment;
} session_cases[] = {
	{ "nothing yet", { BACK("") }, PGWIRE_STARTING },
	{ "authenticated", { BACK(AUTH_OK) }, PGWIRE_STARTING },
	{ "password sent", { BACK(AUTH_OK), FRONT(PASSWORD) },
	    PGWIRE_STARTING },
	{ "up", { FRONT(PASSWORD), BACK(AUTH_OK READY) }, PGWIRE_IDLE },
	{ "in a transaction", { BACK(READY_IN) }, PGWIRE_IDLE },
	{ "query", { BACK(READY), FRONT(QUERY) }, PGWIRE_BUSY },
	{ "rows", { BACK(READY), FRONT(QUERY), BACK(ROW ROW) }, PGWIRE_BUSY },
	{ "answered", { BACK(READY), FRONT(QUERY), BACK(ROW COMPLETE READY) },
	    PGWIRE_IDLE },
	{ "two queries, one answer",
	    { BACK(READY), FRONT(QUERY QUERY), BACK(COMPLETE READY) },
	    PGWIRE_BUSY },
	{ "two queries, two answers",
	    { BACK(READY), FRONT(QUERY QUERY), BACK(READY), BACK(READY) },
	    PGWIRE_IDLE },
	{ "function call", { BACK(READY), FRONT(FUNCTION) }, PGWIRE_BUSY },
	{ "parse without sync", { BACK(READY), FRONT(PARSE) },
	    PGWIRE_BUSY_EXTENDED },
	{ "pipeline: the answer of the first half",
	    { BACK(READY), FRONT(PARSE SYNC PARSE), BACK(READY) },
	    PGWIRE_BUSY_EXTENDED },
	{ "extended query",
	    { BACK(READY), FRONT(PARSE EXECUTE SYNC), BACK(ROW READY) },
	    PGWIRE_IDLE },
	{ "extended query, not answered",
	    { BACK(READY), FRONT(PARSE EXECUTE SYNC), BACK(ROW) },
	    PGWIRE_BUSY_EXTENDED },
	{ "a query after an extended one",
	    { BACK(READY), FRONT(PARSE EXECUTE SYNC), BACK(READY),
		FRONT(QUERY) },
	    PGWIRE_BUSY },
	{ "a query behind an extended one",
	    { BACK(READY), FRONT(PARSE SYNC QUERY) }, PGWIRE_BUSY_EXTENDED },
	{ "half a frontend header", { BACK(READY), FRONT("Q\0\0") },
	    PGWIRE_BUSY },
	{ "terminate", { BACK(READY), FRONT(TERMINATE) }, PGWIRE_IDLE },
	{ "notice while idle", { BACK(READY), BACK("N\0\0\0\6x\0") },
	    PGWIRE_IDLE },
	{ "error, then ready",
	    { BACK(READY), FRONT(QUERY), BACK(PLAIN_ERROR READY) },
	    PGWIRE_IDLE },
	{ "error, not ready", { BACK(READY), FRONT(QUERY), BACK(PLAIN_ERROR) },
	    PGWIRE_BUSY },
	{ "fatal", { BACK(READY), FRONT(QUERY), BACK(FATAL_ERROR) },
	    PGWIRE_OVER },
	{ "fatal at login", { BACK(FATAL_ERROR) }, PGWIRE_OVER },
	{ "cut header", { BACK(READY), BACK("D\0\0") }, PGWIRE_CUT },
	{ "cut body", { BACK(READY), BACK("D\0\0\0\10ab") }, PGWIRE_CUT },
	{ "cut and continued",
	    { BACK(READY), BACK("D\0\0\0\10ab"), BACK("cd") }, PGWIRE_IDLE },
	{ "framing lost", { BACK(READY), BACK("D\0\0\0\3ab" READY) },
	    PGWIRE_CUT },
	{ "copy in",
	    { BACK(READY), FRONT(QUERY), BACK(COPY_IN),
		FRONT(COPY_DATA COPY_DATA) },
	    PGWIRE_BUSY },
	{ "copy in, done",
	    { BACK(READY), FRONT(QUERY), BACK(COPY_IN),
		FRONT(COPY_DATA COPY_DONE), BACK(COMPLETE READY) },
	    PGWIRE_IDLE },
	{ "copy in, failed by the database",
	    { BACK(READY), FRONT(QUERY), BACK(COPY_IN), FRONT(COPY_DATA),
		BACK(PLAIN_ERROR READY) },
	    PGWIRE_IDLE },
	{ "copy in by the extended protocol: the first Sync is ignored",
	    { BACK(READY), FRONT(PARSE EXECUTE SYNC), BACK(COPY_IN),
		FRONT(COPY_DATA COPY_DONE SYNC), BACK(COMPLETE READY) },
	    PGWIRE_IDLE },
	{ "copy in by the extended protocol, Sync amid the data",
	    { BACK(READY), FRONT(PARSE EXECUTE), BACK(COPY_IN),
		FRONT(COPY_DATA SYNC COPY_FAIL SYNC), BACK(PLAIN_ERROR READY) },
	    PGWIRE_IDLE },
	{ "copy in by the extended protocol, not answered",
	    { BACK(READY), FRONT(PARSE EXECUTE SYNC), BACK(COPY_IN),
		FRONT(COPY_DATA COPY_DONE SYNC), BACK(COMPLETE) },
	    PGWIRE_BUSY_EXTENDED },
	{ "copy out", { BACK(READY), FRONT(QUERY), BACK(COPY_OUT COPY_DATA) },
	    PGWIRE_BUSY },
	{ "copy out, done",
	    { BACK(READY), FRONT(QUERY), BACK(COPY_OUT COPY_DATA COPY_DONE),
		BACK(COMPLETE READY) },
	    PGWIRE_IDLE },
	{ "replication",
	    { BACK(READY), FRONT(QUERY), BACK(COPY_BOTH COPY_DATA),
		FRONT(COPY_DATA), BACK(COPY_DATA) },
	    PGWIRE_BUSY },
	{ "replication ended",
	    { BACK(READY), FRONT(QUERY), BACK(COPY_BOTH COPY_DATA),
		FRONT(COPY_DATA COPY_DONE),
		BACK(COPY_DONE COMPLETE COMPLETE READY) },
	    PGWIRE_IDLE },
};

static void
run_step(struct pgwire_session *session, const struct step *step, size_t piece)
{
	for (size_t at = 0; at < step->len; at += piece) {
		size_t len = step->len - at < piece ? step->len - at : piece;

		if (step->is_front)
			pgwire_front(session, step->bytes + at, len);
		else
			pgwire_back(session, step->bytes + at, len);
	}
}

/* Every case in reads of every size: the moment never depends on that. */
static void
a_session_stands_where_its_messages_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof session_cases / sizeof *session_cases;
	     i++) {
		const struct session_case *c = &session_cases[i];

		for (size_t piece = 1; piece <= 40; piece++) {
			struct pgwire_session session = { 0 };

			for (size_t j = 0; j < 10 && c->steps[j].bytes; j++)
				run_step(&session, &c->steps[j], piece);
			if (pgwire_moment(&session) != c->moment)
				fail_msg("%s, in pieces of %zu: %d", c->name,
				    piece, pgwire_moment(&session));
		}
	}
}

static void
rest_is_idle_outside_a_transaction(void **state)
{
	struct pgwire_session session = { 0 };

	(void)state;
	assert_false(pgwire_is_at_rest(&session));
	pgwire_back(&session, BYTES(READY));
	assert_true(pgwire_is_at_rest(&session));
	pgwire_back(&session, BYTES(READY_IN));
	assert_false(pgwire_is_at_rest(&session));
	pgwire_back(&session, BYTES(READY));
	pgwire_front(&session, BYTES(QUERY));
	assert_false(pgwire_is_at_rest(&session));
}

static void
the_last_error_is_kept(void **state)
{
	struct pgwire_session session = { 0 };
	struct pgwire_error_fields fields;

	(void)state;
	pgwire_back(&session, BYTES(PLAIN_ERROR FATAL_ERROR));
	assert_true(session.is_over);
	pgwire_error_fields(session.error, session.error_len, &fields);
	assert_string_equal(fields.sqlstate, "57P01");
}

/* An error longer than what is kept is followed to its end all the same. */
static void
a_long_error_is_followed(void **state)
{
	struct pgwire_session session = { 0 };
	unsigned char buf[PGWIRE_ERROR_MAX];
	char detail[4000];
	const struct pgwire_text text = { "FATAL", "57P01", "gone", detail,
		NULL };
	size_t len;

	(void)state;
	memset(detail, 'd', sizeof detail);
	detail[sizeof detail - 1] = '\0';
	len = pgwire_error(buf, &text);
	pgwire_back(&session, BYTES(READY));
	for (size_t i = 0; i < len; i++)
		pgwire_back(&session, buf + i, 1);
	assert_int_equal(session.error_len, PGWIRE_ERROR_KEPT);
	assert_int_equal(pgwire_moment(&session), PGWIRE_OVER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_packets_are_told_apart),
		cmocka_unit_test(no_packet_is_decided_before_its_bytes),
		cmocka_unit_test(foreign_protocols_are_named),
		cmocka_unit_test(only_protocol_3_reads_errors),
		cmocka_unit_test(answers_are_judged),
		cmocka_unit_test(an_error_has_every_field_in_order),
		cmocka_unit_test(an_empty_field_is_left_out),
		cmocka_unit_test(an_error_is_bounded),
		cmocka_unit_test(channel_binding_is_taken_out_of_an_offer),
		cmocka_unit_test(the_fields_of_an_error_are_read),
		cmocka_unit_test(a_session_stands_where_its_messages_say),
		cmocka_unit_test(rest_is_idle_outside_a_transaction),
		cmocka_unit_test(the_last_error_is_kept),
		cmocka_unit_test(a_long_error_is_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
