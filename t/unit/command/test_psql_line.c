/* SPDX-License-Identifier: PostgreSQL */

/*
 * The command that users paste is quoted for psql and for the shell.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "command/psql_line.h"
#include "config/config.h"

static void
prints(const char *expected, const char *dir, char *database, char *username)
{
	struct config_listen listen = { .port = 6432 };
	struct config_connection connection = {
		.listens = &listen,
		.listen_count = 1,
		.database = database,
		.username = username,
	};
	char *line;

	listen.host = dir == NULL ? "127.0.0.1" : NULL;
	listen.dir = (char *)dir;
	line = psql_line(&connection);
	assert_string_equal(line, expected);
	free(line);
}

static void
plain_values_stand_bare(void **state)
{
	(void)state;
	prints("psql \"host=127.0.0.1 port=6432 dbname=myapp user=readonly\"",
	    NULL, "myapp", "readonly");
}

static void
what_is_not_configured_is_left_out(void **state)
{
	(void)state;
	prints("psql \"host=127.0.0.1 port=6432\"", NULL, NULL, NULL);
	prints("psql \"host=127.0.0.1 port=6432 user=me\"", NULL, NULL, "me");
}

static void
a_unix_socket_is_reached_by_its_directory(void **state)
{
	(void)state;
	prints("psql \"host=/run/pgjump port=6432 dbname=myapp\"",
	    "/run/pgjump", "myapp", NULL);
}

static void
odd_values_are_quoted_twice(void **state)
{
	(void)state;
	prints("psql \"host=127.0.0.1 port=6432 dbname='my app'\"", NULL,
	    "my app", NULL);
	prints("psql \"host=127.0.0.1 port=6432 dbname=''\"", NULL, "", NULL);
	prints("psql 'host=127.0.0.1 port=6432"
	       " user='\\''o\\'\\''b\\\\c'\\'''",
	    NULL, NULL, "o'b\\c");
	prints("psql 'host=127.0.0.1 port=6432 user=$HOME`!\"'", NULL, NULL,
	    "$HOME`!\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_values_stand_bare),
		cmocka_unit_test(what_is_not_configured_is_left_out),
		cmocka_unit_test(a_unix_socket_is_reached_by_its_directory),
		cmocka_unit_test(odd_values_are_quoted_twice),
	};

	return cmocka_run_group_tests_name("psql_line", tests, NULL, NULL);
}
