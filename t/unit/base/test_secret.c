/* SPDX-License-Identifier: PostgreSQL */

/*
 * Secrets given as text and as a file, and files that cannot hold one.
 */
#include "base/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/xmalloc.h"

static char dir[] = "/tmp/pgjump-secret.XXXXXX";
static char path[sizeof dir + 10];

static int
make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	sprintf(path, "%s/secret", dir);
	return 0;
}

static int
remove_file(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void
write_file(const char *bytes, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* The result of secret_load() for the file: its text, or its error. */
static const char *
load(void)
{
	static char result[500];
	struct secret secret = { .path = path };
	char error[400], *text = secret_load(&secret, error, sizeof error);

	snprintf(result, sizeof result, "%s%s", text != NULL ? "=" : "",
	    text != NULL ? text : error);
	assert_true((text == NULL) == (error[0] != '\0'));
	secret_free(text);
	return result;
}

static const char *
load_file(const char *bytes)
{
	write_file(bytes, strlen(bytes));
	return load();
}

static void
text_is_given_as_it_is(void **state)
{
	struct secret secret = { .text = (char *)"two\nlines\n" };
	char error[10], *text = secret_load(&secret, error, sizeof error);

	(void)state;
	assert_true(secret_is_set(&secret));
	assert_string_equal(text, "two\nlines\n");
	assert_string_equal(error, "");
	secret_free(text);
}

static void
nothing_is_no_error(void **state)
{
	struct secret secret = { 0 };
	char error[10] = "x";

	(void)state;
	assert_false(secret_is_set(&secret));
	assert_null(secret_load(&secret, error, sizeof error));
	assert_string_equal(error, "");
}

static void
one_line_end_of_a_file_does_not_count(void **state)
{
	(void)state;
	assert_string_equal(load_file("password"), "=password");
	assert_string_equal(load_file("password\n"), "=password");
	assert_string_equal(load_file("password\r\n"), "=password");
	assert_string_equal(load_file("password\n\n"), "=password\n");
	assert_string_equal(load_file("pass\nword "), "=pass\nword ");
	assert_string_equal(load_file(""), "=");
}

static void
a_file_is_read_anew(void **state)
{
	(void)state;
	assert_string_equal(load_file("one"), "=one");
	assert_string_equal(load_file("two"), "=two");
}

static void
a_file_that_cannot_be_read_is_named(void **state)
{
	char expected[200];

	(void)state;
	sprintf(expected, "cannot read %s: No such file or directory", path);
	assert_string_equal(load(), expected);
	assert_int_equal(mkdir(path, 0700), 0);
	sprintf(expected, "cannot read %s: not a regular file", path);
	assert_string_equal(load(), expected);
	assert_int_equal(rmdir(path), 0);
}

/* Nobody writes into it, so reading it would wait for ever. */
static void
a_pipe_keeps_nobody_waiting(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(10);
	assert_non_null(strstr(load(), "not a regular file"));
	alarm(0);
}

static void
a_file_of_the_wrong_kind_is_refused(void **state)
{
	size_t max = (size_t)1 << 20;
	char *large = xcalloc(max + 2, 1);
	struct secret secret = { .path = path };
	char error[400], *text;

	(void)state;
	write_file("a\0b", 3);
	assert_non_null(strstr(load(), "holds a NUL byte"));
	memset(large, 'x', max + 1);
	write_file(large, max + 1);
	assert_non_null(strstr(load(), "larger than 1 MB"));
	write_file(large, max);
	text = secret_load(&secret, error, sizeof error);
	assert_non_null(text);
	assert_int_equal(strlen(text), max);
	secret_free(text);
	free(large);
}

static void
secrets_are_compared_by_what_they_say(void **state)
{
	const struct secret none = { 0 };
	const struct secret text = { .text = (char *)"a" };
	const struct secret other = { .text = (char *)"b" };
	const struct secret file = { .path = (char *)"a" };
	char copy[] = "a";
	const struct secret same = { .text = copy };

	(void)state;
	assert_true(secret_equal(&none, &none));
	assert_true(secret_equal(&text, &same));
	assert_false(secret_equal(&text, &other));
	assert_false(secret_equal(&text, &none));
	assert_false(secret_equal(&none, &text));
	assert_false(secret_equal(&text, &file));
}

static void
wiping_leaves_nothing(void **state)
{
	char text[] = "secret";
	struct secret secret = { .text = xstrdup("x"), .path = xstrdup("y") };

	(void)state;
	secret_wipe(text, sizeof text);
	for (size_t i = 0; i < sizeof text; i++)
		assert_int_equal(text[i], 0);
	secret_clear(&secret);
	assert_false(secret_is_set(&secret));
	secret_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_given_as_it_is),
		cmocka_unit_test(nothing_is_no_error),
		cmocka_unit_test_teardown(one_line_end_of_a_file_does_not_count,
		    remove_file),
		cmocka_unit_test_teardown(a_file_is_read_anew, remove_file),
		cmocka_unit_test(a_file_that_cannot_be_read_is_named),
		cmocka_unit_test_teardown(a_pipe_keeps_nobody_waiting,
		    remove_file),
		cmocka_unit_test_teardown(a_file_of_the_wrong_kind_is_refused,
		    remove_file),
		cmocka_unit_test(secrets_are_compared_by_what_they_say),
		cmocka_unit_test(wiping_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
