/* SPDX-License-Identifier: PostgreSQL */

/*
 * What one line of the log looks like, in both formats.
 */
#include "log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* stderr is a pipe while a line is written. */
static const char *
written(enum log_level level, const char *message,
    const struct log_field *fields)
{
	static char line[16384];
	int saved = dup(STDERR_FILENO), ends[2];
	ssize_t len;

	assert_return_code(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	log_write(level, message, fields);
	dup2(saved, STDERR_FILENO);
	close(saved);
	len = read(ends[0], line, sizeof line - 1);
	close(ends[0]);
	line[len > 0 ? len : 0] = '\0';
	return line;
}

/* Behind the time, which is checked for its form alone. */
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
control_characters_are_escaped(void **state)
{
	(void)state;
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	assert_string_equal(after_time(written(LOG_LEVEL_INFO, "x",
				LOG_LIST(log_str("words", "a\033[1mb\nc\rd")))),
	    "info: x words=\"a\\u001b[1mb\\nc\\u000dd\"\n");
}

static void
levels_below_the_threshold_are_silent(void **state)
{
	(void)state;
	log_setup(LOG_LEVEL_WARNING, LOG_FORMAT_TEXT);
	assert_string_equal(written(LOG_LEVEL_INFO, "x",
				LOG_LIST(log_num("n", 1))),
	    "");
	assert_true(log_enabled(LOG_LEVEL_ERROR));
	assert_false(log_enabled(LOG_LEVEL_DEBUG));
}

static void
a_huge_line_is_cut_and_ends(void **state)
{
	char *huge = malloc(20000);
	const char *line;

	(void)state;
	memset(huge, 'x', 19999);
	huge[19999] = '\0';
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	line = written(LOG_LEVEL_INFO, "x", LOG_LIST(log_str("huge", huge)));
	assert_in_range(strlen(line), 4000, 4096);
	assert_int_equal(line[strlen(line) - 1], '\n');
	free(huge);
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

/* A pipe that nobody reads costs lines, which are counted, and no time. */
static void
a_reader_that_stops_stops_nobody(void **state)
{
	int saved = dup(STDERR_FILENO), ends[2];
	char text[65536 + 1];
	ssize_t got;

	(void)state;
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_has_level_message_and_fields),
		cmocka_unit_test(json_is_one_object),
		cmocka_unit_test(control_characters_are_escaped),
		cmocka_unit_test(levels_below_the_threshold_are_silent),
		cmocka_unit_test(a_huge_line_is_cut_and_ends),
		cmocka_unit_test(errno_is_preserved),
		cmocka_unit_test(a_reader_that_stops_stops_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
