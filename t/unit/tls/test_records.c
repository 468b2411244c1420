/* SPDX-License-Identifier: PostgreSQL */

/*
 * Where TLS may end, as a table of what the database has sent.  The sizes are
 * those of PostgreSQL 15, which sends a close_notify before every end but a
 * crash.
 */
#include "tls/records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define RECORD(type, length)         \
	{                            \
		type, length, length \
	}
#define RECORDS_MAX 4

/* A record with fewer bytes than its header counts was cut. */
struct record {
	unsigned char type;
	uint16_t length, sent;
};

static const struct {
	const char *name;
	struct record records[RECORDS_MAX];
	bool want_cut;
} cases[] = {
	{ "nothing has passed", { { 0 } }, false },
	{ "TLS 1.2, an alert comes last",
	    { RECORD(22, 40), RECORD(23, 90), RECORD(21, 26) }, false },
	{ "TLS 1.2, data come last", { RECORD(22, 40), RECORD(23, 90) }, true },
	{ "TLS 1.3, an alert comes last",
	    { RECORD(22, 122), RECORD(20, 1), RECORD(23, 83), RECORD(23, 19) },
	    false },
	{ "TLS 1.3, the shortest message comes last",
	    { RECORD(22, 122), RECORD(23, 22) }, true },
	{ "data after an alert", { RECORD(21, 26), RECORD(23, 90) }, true },
	{ "the handshake comes last", { RECORD(22, 122), RECORD(20, 1) },
	    true },
	{ "an alert in the clear", { RECORD(22, 122), RECORD(21, 2) }, false },
	{ "in the middle of data", { { 23, 8192, 8000 } }, true },
	{ "in the middle of an alert", { { 21, 26, 25 } }, true },
	{ "behind a header", { { 21, 26, 0 } }, true },
	{ "longer than any record", { RECORD(23, 20000) }, false },
	{ "GSSAPI", { RECORD(0, 100) }, false },
};

static size_t
put(unsigned char *out, const struct record *records)
{
	size_t len = 0;

	for (size_t i = 0; i < RECORDS_MAX && records[i].length > 0; i++) {
		const unsigned char header[] = { records[i].type, 3, 3,
			(unsigned char)(records[i].length >> 8),
			(unsigned char)records[i].length };

		memcpy(out + len, header, sizeof header);
		len += sizeof header;
		memset(out + len, 0x17, records[i].sent);
		len += records[i].sent;
	}
	return len;
}

/* In pieces of every size, as a network may cut them. */
static void
ends_are_told_apart(void **state)
{
	unsigned char bytes[RECORDS_MAX * 20005];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t len = put(bytes, cases[i].records);

		for (size_t piece = 1; piece < 50; piece++) {
			struct tls_records records = { 0 };

			for (size_t at = 0; at < len; at += piece)
				tls_records_follow(&records, bytes + at,
				    len - at < piece ? len - at : piece);
			if (tls_records_are_cut(&records) != cases[i].want_cut)
				fail_msg("%s, in pieces of %zu", cases[i].name,
				    piece);
		}
	}
}

static void
half_a_header_is_cut(void **state)
{
	struct tls_records records = { 0 };

	(void)state;
	tls_records_follow(&records, "\x16\x03", 2);
	assert_true(tls_records_are_cut(&records));
}

static void
half_of_something_else_is_not(void **state)
{
	struct tls_records records = { 0 };

	(void)state;
	tls_records_follow(&records, "\0\0", 2);
	assert_false(tls_records_are_cut(&records));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_are_told_apart),
		cmocka_unit_test(half_a_header_is_cut),
		cmocka_unit_test(half_of_something_else_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
