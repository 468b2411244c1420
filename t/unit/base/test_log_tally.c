/* SPDX-License-Identifier: PostgreSQL */

/*
 * Lines of one kind within a second: some are written, the others counted, and
 * each count is handed out once.
 */
#include "base/log_tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define FIELDS(...) ((const struct log_field[]){ __VA_ARGS__, LOG_END })

static int64_t now_ms = 1000000;
static struct log_debt owed; /* by the last line */

static enum log_verdict
line(const char *message, const char *connection, const char *stage)
{
	return log_tally(LOG_LEVEL_INFO, message,
	    FIELDS(log_num("client", now_ms), log_str("connection", connection),
		log_str("peer", "any"), log_str("stage", stage)),
	    now_ms, &owed);
}

/* Drop what an earlier test has left. */
static int
begin(void **state)
{
	struct log_debt debt;
	int64_t due_ms;

	(void)state;
	now_ms += 10000;
	while (log_tally_take(now_ms, true, &debt, &due_ms))
		continue;
	return 0;
}

static void
flood(const char *connection, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		line("flood", connection, "s");
}

static void
the_first_lines_are_written(void **state)
{
	(void)state;
	for (int i = 0; i < LOG_TALLY_LINES; i++)
		assert_int_equal(line("a", "one", NULL), LOG_WRITE);
	assert_int_equal(line("a", "one", NULL), LOG_COUNT_FIRST);
	assert_int_equal(line("a", "one", NULL), LOG_COUNT);
	now_ms += LOG_TALLY_WINDOW_MS - 1;
	assert_int_equal(line("a", "one", NULL), LOG_COUNT);
	assert_int_equal(owed.repeated, 0);
	now_ms += 1;
	assert_int_equal(line("a", "one", NULL), LOG_WRITE);
	assert_int_equal(owed.repeated, 3);
	assert_int_equal(line("a", "one", NULL), LOG_WRITE);
	assert_int_equal(owed.repeated, 0);
}

static void
other_kinds_are_not_touched(void **state)
{
	(void)state;
	flood("one", 100);
	assert_int_equal(line("flood", "two", "s"), LOG_WRITE);
	assert_int_equal(line("flood", "one", "t"), LOG_WRITE);
	assert_int_equal(line("flood", "one", NULL), LOG_WRITE);
	assert_int_equal(line("other", "one", "s"), LOG_WRITE);
	assert_int_equal(log_tally(LOG_LEVEL_WARNING, "flood",
			     FIELDS(log_str("connection", "one"),
				 log_str("stage", "s")),
			     now_ms, &owed),
	    LOG_WRITE);
	assert_int_equal(line("flood", "one", "s"), LOG_COUNT);
}

static void
a_count_is_told_when_nothing_follows(void **state)
{
	struct log_field fields[LOG_DEBT_FIELDS];
	struct log_debt debt;
	int64_t due_ms, start_ms = now_ms;

	(void)state;
	flood("one", LOG_TALLY_LINES + 7);
	now_ms += 400;
	flood("two", LOG_TALLY_LINES + 8);
	assert_false(log_tally_take(now_ms, false, &debt, &due_ms));
	assert_int_equal(due_ms, start_ms + LOG_TALLY_WINDOW_MS);
	now_ms = due_ms;
	assert_true(log_tally_take(now_ms, false, &debt, &due_ms));
	assert_int_equal(debt.repeated, 7);
	assert_string_equal(debt.kind.message, "flood");
	assert_int_equal(debt.kind.level, LOG_LEVEL_INFO);
	log_tally_fields(&debt, fields);
	assert_string_equal(fields[0].key, "connection");
	assert_string_equal(fields[0].text, "one");
	assert_string_equal(fields[1].key, "stage");
	assert_string_equal(fields[1].text, "s");
	assert_string_equal(fields[2].key, "repeated");
	assert_int_equal(fields[2].number, 7);
	assert_null(fields[3].key);
	assert_false(log_tally_take(now_ms, false, &debt, &due_ms));
	assert_int_equal(due_ms, start_ms + 400 + LOG_TALLY_WINDOW_MS);
	assert_true(log_tally_take(now_ms, true, &debt, &due_ms));
	assert_int_equal(debt.repeated, 8);
	assert_false(log_tally_take(now_ms, true, &debt, &due_ms));
	assert_int_equal(due_ms, 0);
}

/* Many kinds, for a long time, and texts that are too long for a record. */
static void
nothing_is_lost(void **state)
{
	unsigned written = 0, told = 0, lines = 0;
	static char name[2][LOG_TALLY_TEXT_MAX + 40];
	struct log_debt debt;
	int64_t due_ms;

	(void)state;
	memset(name[1], 'x', LOG_TALLY_TEXT_MAX + 20);
	for (unsigned i = 0; i < 20000; i++, lines++) {
		now_ms += i % 7;
		snprintf(name[0], sizeof name[0], "connection %u", i % 150);
		written += line("many", name[i % 10 == 0],
			       i % 3 == 0 ? "s" : "t") == LOG_WRITE;
		told += owed.repeated;
	}
	while (log_tally_take(now_ms, true, &debt, &due_ms))
		told += debt.repeated;
	assert_in_range(written, 1, lines - 1);
	assert_int_equal(written + told, lines);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_first_lines_are_written, begin),
		cmocka_unit_test_setup(other_kinds_are_not_touched, begin),
		cmocka_unit_test_setup(a_count_is_told_when_nothing_follows,
		    begin),
		cmocka_unit_test_setup(nothing_is_lost, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
