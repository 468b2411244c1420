/* SPDX-License-Identifier: PostgreSQL */

/*
 * Words for a shell, and what a shell reads from them.
 */
#include "base/shell_word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void
plain_words_stand_bare(void **state)
{
	static const char *const words[] = { "ubuntu", "10.0.2.45:5432",
		"/run/postgresql/.s.PGSQL.5432", "user=me,host=localhost" };
	char *word;

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		word = shell_word(words[i]);
		assert_string_equal(word, words[i]);
		free(word);
	}
}

/* The shell itself is the judge. */
static void
a_shell_reads_each_word_as_it_was(void **state)
{
	static const char *const words[] = { "", "a b", "it's", "''", "$HOME",
		"`id`", "\\", "a\"b", "*", "~", "#", "a;b", "!x", "tab\there" };
	char command[200], seen[100], *word;
	FILE *shell;

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		word = shell_word(words[i]);
		snprintf(command, sizeof command, "printf %%s %s", word);
		shell = popen(command, "r");
		assert_non_null(shell);
		seen[fread(seen, 1, sizeof seen - 1, shell)] = '\0';
		assert_int_equal(pclose(shell), 0);
		assert_string_equal(seen, words[i]);
		free(word);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_words_stand_bare),
		cmocka_unit_test(a_shell_reads_each_word_as_it_was),
	};

	return cmocka_run_group_tests_name("shell_word", tests, NULL, NULL);
}
