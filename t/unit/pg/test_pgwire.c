/* SPDX-License-Identifier: PostgreSQL */

/*
 * The kinds of first packets, plausible answers, and the layout of an
 * ErrorResponse.
 */
#include "pg/pgwire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

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

/* Single bytes lead to the same result, and to none before it is certain. */
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
		{ BYTES("Ecould not fork new process"), PGWIRE_ANSWER_MORE },
		{ BYTES("Ecould not fork new process\n"), PGWIRE_ANSWER_MORE },
		{ BYTES("Ecould not fork new process\n\0"),
		    PGWIRE_ANSWER_PLAUSIBLE },
		{ BYTES("Ekein Proze\303\237\n\0"), PGWIRE_ANSWER_PLAUSIBLE },
		{ BYTES("Etwo\nlines\0"), PGWIRE_ANSWER_FOREIGN },
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

/* Answers to a request for encryption. */
static void
an_error_is_read_in_both_forms(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum pgwire_answer answer;
		const char *sqlstate, *message;
	} cases[] = {
		{ BYTES(""), PGWIRE_ANSWER_MORE, "", "" },
		{ BYTES("E"), PGWIRE_ANSWER_MORE, "", "" },
		{ BYTES("E\0\0\0"), PGWIRE_ANSWER_MORE, "", "" },
		{ BYTES("E\0\0\0\27SFATAL\0C08000\0Mno\0"), PGWIRE_ANSWER_MORE,
		    "", "" },
		{ BYTES("E\0\0\0\27SFATAL\0C08000\0Mno\0\0"),
		    PGWIRE_ANSWER_PLAUSIBLE, "08000", "no" },
		{ BYTES("E\0\0\0\27XFATAL\0C08000\0Mno\0\0"),
		    PGWIRE_ANSWER_FOREIGN, "", "" },
		{ BYTES("N\0\0\0\27SFATAL\0C08000\0Mno\0\0"),
		    PGWIRE_ANSWER_FOREIGN, "", "" },
		{ BYTES("Eno room\n\0"), PGWIRE_ANSWER_PLAUSIBLE, "",
		    "no room" },
		{ BYTES("Eno room\n"), PGWIRE_ANSWER_MORE, "", "" },
		{ BYTES("ERROR\r\n"), PGWIRE_ANSWER_FOREIGN, "", "" },
	};
	struct pgwire_error_fields fields;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (pgwire_refusal(cases[i].bytes, cases[i].len, &fields) !=
		    cases[i].answer)
			fail_msg("case %zu", i);
		assert_string_equal(fields.sqlstate, cases[i].sqlstate);
		assert_string_equal(fields.message, cases[i].message);
	}
}

/* An answer that fills its room is judged as it is. */
static void
a_long_error_is_judged_by_its_beginning(void **state)
{
	char text[PGWIRE_ANSWER_MAX] = "E\0\0\4\0SFATAL\0C53300\0Mno ";
	struct pgwire_error_fields fields;

	(void)state;
	memset(text + 22, 'x', sizeof text - 22);
	assert_int_equal(pgwire_refusal(text, sizeof text - 1, &fields),
	    PGWIRE_ANSWER_MORE);
	assert_int_equal(pgwire_refusal(text, sizeof text, &fields),
	    PGWIRE_ANSWER_PLAUSIBLE);
	assert_string_equal(fields.sqlstate, "53300");
	memset(text + 1, 'x', sizeof text - 1);
	assert_int_equal(pgwire_refusal(text, sizeof text - 1, &fields),
	    PGWIRE_ANSWER_MORE);
	assert_int_equal(pgwire_refusal(text, sizeof text, &fields),
	    PGWIRE_ANSWER_FOREIGN);
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
		assert_int_equal(pgwire_is_sasl_request(buf, cases[i].len),
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
	assert_string_equal(fields.sqlstate, "?");
	assert_string_equal(fields.message, "");
}

static void
a_sqlstate_is_five_digits_or_letters(void **state)
{
	static const struct {
		const char *body, *sqlstate;
	} rows[] = {
		{ "C00000", "00000" },
		{ "CHV00R", "HV00R" },
		{ "SFATAL", "?" },
		{ "C", "?" },
		{ "C2800", "?" },
		{ "CTOOLONG", "?" },
		{ "C28p01", "?" },
		{ "C28 01", "?" },
		{ "C28\"01", "?" },
		{ "C28\xc2\x9b"
		  "1",
		    "?" },
		{ "C\033[31m", "?" },
		{ "C28\xc4\xb0"
		  "1",
		    "?" },
	};
	struct pgwire_error_fields fields;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		pgwire_error_fields(rows[i].body, strlen(rows[i].body) + 1,
		    &fields);
		assert_string_equal(fields.sqlstate, rows[i].sqlstate);
	}
}

/* The message is 0 to 3 bytes and then characters of UTF-8. */
static void
a_long_message_is_cut_between_characters(void **state)
{
	struct pgwire_error_fields fields;
	char body[512];
	size_t len;

	(void)state;
	for (size_t before = 0; before < 4; before++) {
		memset(body, 'x', sizeof body);
		body[0] = 'M';
		for (len = 1 + before; len + 4 < sizeof body; len += 4)
			memcpy(body + len, "\xf0\x9f\x90\x98", 4);
		pgwire_error_fields(body, len, &fields);
		len = strlen(fields.message);
		assert_in_range(len, sizeof fields.message - 4,
		    sizeof fields.message - 1);
		assert_int_equal((len - before) % 4, 0);
	}
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
		cmocka_unit_test(an_error_is_read_in_both_forms),
		cmocka_unit_test(a_long_error_is_judged_by_its_beginning),
		cmocka_unit_test(an_error_has_every_field_in_order),
		cmocka_unit_test(an_empty_field_is_left_out),
		cmocka_unit_test(an_error_is_bounded),
		cmocka_unit_test(channel_binding_is_taken_out_of_an_offer),
		cmocka_unit_test(the_fields_of_an_error_are_read),
		cmocka_unit_test(a_sqlstate_is_five_digits_or_letters),
		cmocka_unit_test(a_long_message_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
