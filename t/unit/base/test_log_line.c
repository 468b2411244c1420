/* SPDX-License-Identifier: PostgreSQL */

/*
 * What one line of the log looks like in both formats, whatever bytes its
 * values hold, and where it is cut.
 */
#include "base/log_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/utf8.h"

#define FIELDS(...) ((const struct log_field[]){ __VA_ARGS__, LOG_END })

/* A line without its end, as a string. */
static const char *
built(enum log_format format, const struct log_field *fields)
{
	static char text[LOG_LINE_MAX + 1];
	struct log_line line;

	log_line_build(&line, format, LOG_LEVEL_INFO, "x", fields);
	assert_in_range(line.len, 1, LOG_LINE_MAX);
	assert_int_equal(line.text[line.len - 1], '\n');
	memcpy(text, line.text, line.len - 1);
	text[line.len - 1] = '\0';
	assert_int_equal(strlen(text), line.len - 1);
	return text;
}

/* The value of the only field. */
static const char *
value_in_text(const char *value)
{
	const char *line = built(LOG_FORMAT_TEXT, FIELDS(log_str("v", value)));

	return strstr(line, " v=") + 3;
}

static const char *
value_in_json(const char *value)
{
	const char *line = built(LOG_FORMAT_JSON, FIELDS(log_str("v", value)));

	return strstr(line, "\"v\":") + 4;
}

static void
bytes_that_are_no_text_are_escaped(void **state)
{
	static const struct {
		const char *value, *shown;
	} rows[] = {
		/* UTF-8 as it is: two, three and four bytes */
		{ "Zo\xc3\xab", "\"Zo\xc3\xab\"" },
		{ "\xe6\xb1\xba", "\"\xe6\xb1\xba\"" },
		{ "\xf0\x9f\x90\x98", "\"\xf0\x9f\x90\x98\"" },
		{ "\xc2\xa0", "\"\xc2\xa0\"" },
		/* C0, DEL, C1 */
		{ "a\033[1mb\nc\rd", "\"a\\u001b[1mb\\nc\\u000dd\"" },
		{ "\x7f", "\"\\u007f\"" },
		{ "\xc2\x80", "\"\\u0080\"" },
		{ "\xc2\x9b"
		  "31m",
		    "\"\\u009b31m\"" },
		{ "\xc2\x9f", "\"\\u009f\"" },
		/* what ends, turns or hides a line on a terminal */
		{ "\xe2\x80\xa8", "\"\\u2028\"" },
		{ "\xe2\x80\xa9", "\"\\u2029\"" },
		{ "\xe2\x80\xae", "\"\\u202e\"" },
		{ "\xe2\x81\xa6", "\"\\u2066\"" },
		{ "\xef\xbb\xbf", "\"\\ufeff\"" },
		{ "\xef\xbf\xbf", "\"\\uffff\"" },
		{ "\xf3\xa0\x81\x81", "\"\\udb40\\udc41\"" },
		{ "\xf0\x9f\xbf\xbf", "\"\\ud83f\\udfff\"" },
		/*
		 * no UTF-8: alone, cut short, too long, a surrogate, too high
		 */
		{ "f\xfcr", "\"f\\ufffdr\"" },
		{ "\x80", "\"\\ufffd\"" },
		{ "\x9b"
		  "31m",
		    "\"\\ufffd31m\"" },
		{ "\xc3", "\"\\ufffd\"" },
		{ "\xe6\xb1", "\"\\ufffd\\ufffd\"" },
		{ "\xe6\xb1\"", "\"\\ufffd\\ufffd\\\"\"" },
		{ "\xc0\xaf", "\"\\ufffd\\ufffd\"" },
		{ "\xe0\x82\x9b", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\xff\xfe", "\"\\ufffd\\ufffd\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char json[80] = "";

		assert_string_equal(value_in_text(rows[i].value),
		    rows[i].shown);
		strcat(strcat(json, rows[i].shown), "}");
		assert_string_equal(value_in_json(rows[i].value), json);
	}
}

static void
single_quotes_hold_what_can_be_read(void **state)
{
	(void)state;
	assert_string_equal(value_in_text("psql \"user=Zo\xc3\xab\""),
	    "'psql \"user=Zo\xc3\xab\"'");
	assert_string_equal(value_in_text("a \"\xc2\x9b\""),
	    "\"a \\\"\\u009b\\\"\"");
	assert_string_equal(value_in_text("a \"\xfc\""),
	    "\"a \\\"\\ufffd\\\"\"");
}

static bool
is_valid(const char *text)
{
	while (*text != '\0')
		if (!utf8_is_legible(utf8_next(&text)))
			return false;
	return true;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/*
 * Every place of a line is where one of these is cut: the piece is repeated
 * behind 0 to 15 other characters.
 */
static void
assert_cut_whole(const char *piece, const char *escaped)
{
	size_t len = strlen(piece), escaped_len = strlen(escaped);
	char *value = malloc(16 + len * LOG_LINE_MAX + 1);

	for (size_t before = 0; before < 16; before++) {
		const char *text, *at;

		memset(value, '.', before);
		for (size_t i = 0; i < LOG_LINE_MAX; i++)
			memcpy(value + before + i * len, piece, len);
		value[before + len * LOG_LINE_MAX] = '\0';
		text = built(LOG_FORMAT_JSON,
		    FIELDS(log_str("v", value), log_str("w", "lost")));
		assert_true(is_valid(text));
		assert_true(ends_with(text, "\",\"cut\":true}"));
		at = strstr(text, "\"v\":\"") + 5 + before;
		assert_int_equal((strlen(at) - strlen("\",\"cut\":true}")) %
			escaped_len,
		    0);
		text = built(LOG_FORMAT_TEXT, FIELDS(log_str("v", value)));
		assert_true(is_valid(text));
		assert_true(ends_with(text, " cut=true"));
	}
	free(value);
}

static void
a_cut_line_is_whole_and_says_so(void **state)
{
	(void)state;
	assert_cut_whole("x", "x");
	assert_cut_whole("\xc3\xab", "\xc3\xab");
	assert_cut_whole("\xe6\xb1\xba", "\xe6\xb1\xba");
	assert_cut_whole("\xf0\x9f\x90\x98", "\xf0\x9f\x90\x98");
	assert_cut_whole("\n", "\\n");
	assert_cut_whole("\xc2\x9b", "\\u009b");
	assert_cut_whole("\xf3\xa0\x81\x81", "\\udb40\\udc41");
	assert_true(
	    ends_with(built(LOG_FORMAT_TEXT, FIELDS(log_num("n", 1))), " n=1"));
}

/* A number without enough room is left out, since digits must not be cut. */
static void
what_follows_a_huge_value_is_whole_or_left_out(void **state)
{
	char *value = malloc(LOG_LINE_MAX);
	const char *text;

	(void)state;
	for (size_t len = LOG_LINE_MAX - 120; len < LOG_LINE_MAX; len++) {
		memset(value, 'x', len);
		value[len] = '\0';
		text = built(LOG_FORMAT_JSON,
		    FIELDS(log_str("v", value), log_num("n", 1234567)));
		assert_true(ends_with(text, "x\",\"n\":1234567}") ||
		    ends_with(text, "x\",\"cut\":true}"));
		text = built(LOG_FORMAT_TEXT,
		    FIELDS(log_str("v", value), log_num("n", 1234567)));
		assert_true(ends_with(text, "x n=1234567") ||
		    ends_with(text, "x cut=true"));
	}
	free(value);
}

/* A person's line may be several; what a terminal obeys is never in a value. */
static void
a_line_for_people_is_short(void **state)
{
	const struct log_field *fields = FIELDS(log_str("connection", "db"),
	    log_num("n", 1), log_str("psql", "psql \"host=h user=u\""),
	    log_str("hint", "do\033[2J this"));
	const char *line = built(LOG_FORMAT_PLAIN, fields);

	(void)state;
	assert_string_equal(line + strlen("12:34:56"),
	    " db: x n=1\n         psql \"host=h user=u\"\n"
	    "         hint: do?[2J this");
	line = built(LOG_FORMAT_COLOUR, FIELDS(log_num("n", 1)));
	assert_non_null(strstr(line, "\033[2m n=1\033[0m"));
}

static void
a_line_for_the_journal_has_a_priority(void **state)
{
	(void)state;
	assert_string_equal(built(LOG_FORMAT_JOURNAL, FIELDS(log_num("n", 1))),
	    "<6>info: x n=1");
}

static void
a_line_for_people_that_is_cut_ends_its_colour(void **state)
{
	char value[2 * LOG_LINE_MAX];

	(void)state;
	memset(value, 'a', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	assert_true(
	    ends_with(built(LOG_FORMAT_COLOUR, FIELDS(log_str("v", value))),
		"\033[0m cut"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_for_people_is_short),
		cmocka_unit_test(a_line_for_the_journal_has_a_priority),
		cmocka_unit_test(a_line_for_people_that_is_cut_ends_its_colour),
		cmocka_unit_test(bytes_that_are_no_text_are_escaped),
		cmocka_unit_test(single_quotes_hold_what_can_be_read),
		cmocka_unit_test(a_cut_line_is_whole_and_says_so),
		cmocka_unit_test(
		    what_follows_a_huge_value_is_whole_or_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
