/* SPDX-License-Identifier: PostgreSQL */

/*
 * What is written to stderr: lines in both formats, no line, or a count of
 * lines.
 */
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static int saved_stderr, out_fd;

/* From here on stderr is a pipe. */
static void
catch_lines(void)
{
	int ends[2];

	assert_return_code(pipe(ends), 0);
	saved_stderr = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	out_fd = ends[0];
}

/* What was written to it. */
static const char *
caught_lines(void)
{
	static char lines[16384];
	ssize_t len;

	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	len = read(out_fd, lines, sizeof lines - 1);
	close(out_fd);
	lines[len > 0 ? len : 0] = '\0';
	return lines;
}

static const char *
written(enum log_level level, const char *message,
    const struct log_field *fields)
{
	catch_lines();
	log_write(level, message, fields);
	return caught_lines();
}

/* The text after the time, of which only the form is checked. */
static const char *
after_time(const char *line)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ ";

	for (size_t i = 0; i < sizeof form - 1; i++) {
		if (form[i] == 'd')
			assert_in_range(line[i], '0', '9');
		else
			assert_int_equal(line[i], form[i]);
	}
	return line + sizeof form - 1;
}

static void
text_has_level_message_and_fields(void **state)
{
	(void)state;
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	assert_string_equal(after_time(written(LOG_LEVEL_INFO, "client closed",
				LOG_LIST(log_num("client", 7),
				    log_str("how", "probe")))),
	    "info: client closed client=7 how=probe\n");
	assert_string_equal(after_time(written(LOG_LEVEL_WARNING, "x",
				LOG_LIST(log_str("words", "two words"),
				    log_str("none", NULL),
				    log_str("empty", "")))),
	    "warning: x words=\"two words\" empty=\"\"\n");
	assert_string_equal(after_time(written(LOG_LEVEL_INFO, "x",
				LOG_LIST(log_str("a", "psql \"host=h\""),
				    log_str("b", "it's \"so\""),
				    log_str("c", "o'b")))),
	    "info: x a='psql \"host=h\"' b=\"it's \\\"so\\\"\" c=\"o'b\"\n");
}

static void
json_is_one_object(void **state)
{
	const char *line;

	(void)state;
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	line = written(LOG_LEVEL_ERROR, "it \"failed\"",
	    LOG_LIST(log_num("client", -1), log_str("none", NULL),
		log_str("path", "C:\\x\ny")));
	assert_memory_equal(line, "{\"severity\":\"ERROR\",\"timestamp\":\"",
	    33);
	assert_string_equal(strstr(line, ",\"message\""),
	    ",\"message\":\"it \\\"failed\\\"\",\"client\":-1,"
	    "\"path\":\"C:\\\\x\\ny\"}\n");
}

static void
levels_below_the_threshold_are_silent(void **state)
{
	(void)state;
	log_setup(LOG_LEVEL_WARNING, LOG_FORMAT_TEXT);
	assert_string_equal(written(LOG_LEVEL_INFO, "x",
				LOG_LIST(log_num("n", 1))),
	    "");
	assert_true(log_is_enabled(LOG_LEVEL_ERROR));
	assert_false(log_is_enabled(LOG_LEVEL_DEBUG));
}

static void
errno_is_preserved(void **state)
{
	int saved = dup(STDERR_FILENO), after;

	(void)state;
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	close(STDERR_FILENO); /* so that write() sets it */
	errno = EXDEV;
	log_write(LOG_LEVEL_INFO, "x", LOG_LIST(log_num("n", 1)));
	after = errno;
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_int_equal(after, EXDEV);
}

/* A pipe that nobody reads costs lines, which are counted, but no time. */
static void
a_reader_that_stops_stops_nobody(void **state)
{
	int saved = dup(STDERR_FILENO), ends[2];
	char text[65536 + 1];
	ssize_t got;

	(void)state;
	log_setup(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT); /* every line is written */
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	alarm(20); /* a write that blocks would never end */
	for (int i = 0; i < 10000; i++)
		log_write(LOG_LEVEL_INFO, "x", LOG_LIST(log_num("n", i)));
	alarm(0);
	got = read(ends[0], text, sizeof text - 1);
	log_write(LOG_LEVEL_INFO, "y", LOG_LIST(log_num("n", 1)));
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	assert_true(got > 0);
	got = read(ends[0], text, sizeof text - 1);
	close(ends[0]);
	assert_true(got > 0);
	text[got] = '\0';
	assert_non_null(strstr(text, "warning: log lines were lost"));
	assert_non_null(strstr(text, "info: y n=1\n"));
}

static unsigned
count_of(const char *lines, const char *part)
{
	unsigned count = 0;

	while ((lines = strstr(lines, part)) != NULL) {
		count++;
		lines += strlen(part);
	}
	return count;
}

static void
write_flood(const char *message)
{
	for (int i = 0; i < 25; i++)
		log_write(LOG_LEVEL_WARNING, message,
		    LOG_LIST(log_num("client", i),
			log_str("connection", "one")));
}

static void
a_flood_is_counted(void **state)
{
	const char *lines;

	(void)state;
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	catch_lines();
	write_flood("flood");
	log_tell_all_counts();
	log_tell_all_counts();
	lines = caught_lines();
	assert_int_equal(count_of(lines, "flood client="), 10);
	assert_int_equal(count_of(lines, "\n"), 11);
	assert_non_null(
	    strstr(lines, " warning: flood connection=one repeated=15\n"));
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	catch_lines();
	write_flood("flood of objects");
	log_tell_all_counts();
	assert_non_null(strstr(caught_lines(),
	    "\"message\":\"flood of objects\",\"connection\":\"one\","
	    "\"repeated\":15}\n"));
}

static void
debug_and_answers_are_not_counted(void **state)
{
	(void)state;
	log_setup(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
	catch_lines();
	write_flood("everything");
	assert_int_equal(count_of(caught_lines(), "everything client="), 25);
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	catch_lines();
	for (int i = 0; i < 25; i++)
		log_answer(LOG_LEVEL_INFO, "asked", LOG_LIST(log_num("n", i)));
	assert_int_equal(count_of(caught_lines(), "asked n="), 25);
}

/* The descriptor says when, even if nothing more is logged. */
static void
a_count_is_announced(void **state)
{
	struct pollfd due = { .fd = log_watch_counts(), .events = POLLIN };
	const char *lines;

	(void)state;
	assert_return_code(due.fd, errno);
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	assert_int_equal(poll(&due, 1, 0), 0);
	catch_lines();
	write_flood("announced");
	assert_int_equal(poll(&due, 1, 10000), 1);
	log_tell_counts();
	lines = caught_lines();
	assert_non_null(strstr(lines, "announced connection=one repeated=15"));
	assert_int_equal(poll(&due, 1, 0), 0);
	log_unwatch_counts();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_has_level_message_and_fields),
		cmocka_unit_test(json_is_one_object),
		cmocka_unit_test(levels_below_the_threshold_are_silent),
		cmocka_unit_test(errno_is_preserved),
		cmocka_unit_test(a_reader_that_stops_stops_nobody),
		cmocka_unit_test(a_flood_is_counted),
		cmocka_unit_test(debug_and_answers_are_not_counted),
		cmocka_unit_test(a_count_is_announced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
