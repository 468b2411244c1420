/* SPDX-License-Identifier: PostgreSQL */

/*
 * Which known word may have been meant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/nearest.h"

static const char *const words[] = { "port", "host", "password", "private_key",
	"private_key_passphrase", "username" };

static const char *
nearest_to(const char *typed)
{
	static struct nearest nearest;

	nearest = (struct nearest){ .typed = typed };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		nearest_consider(&nearest, words[i]);
	return nearest.word;
}

static void
a_slip_is_understood(void **state)
{
	(void)state;
	assert_string_equal(nearest_to("pasword"), "password");
	assert_string_equal(nearest_to("passwordd"), "password");
	assert_string_equal(nearest_to("passvord"), "password");
	assert_string_equal(nearest_to("passwrod"), "password");
	assert_string_equal(nearest_to("prot"), "port");
	assert_string_equal(nearest_to("user_name"), "username");
	assert_string_equal(nearest_to("privatekey"), "private_key");
}

static void
a_part_of_a_word_is_understood(void **state)
{
	(void)state;
	assert_string_equal(nearest_to("user"), "username");
	assert_string_equal(nearest_to("passphrase"), "private_key_passphrase");
}

static void
the_nearer_of_two_wins(void **state)
{
	(void)state;
	assert_string_equal(nearest_to("hort"), "port");
	assert_string_equal(nearest_to("hostt"), "host");
}

static void
what_is_far_from_all_is_nothing(void **state)
{
	char endless[400];

	(void)state;
	memset(endless, 'p', sizeof endless - 1);
	endless[sizeof endless - 1] = '\0';
	assert_string_equal(nearest_to("listen"), "");
	assert_string_equal(nearest_to(""), "");
	assert_string_equal(nearest_to("x"), "");
	assert_string_equal(nearest_to(endless), "");
}

/* The end of a comparison is known early; that must not change its result. */
static void
a_word_at_the_limit_is_found(void **state)
{
	struct nearest nearest = { .typed = "abcdefghijkl" };

	(void)state;
	nearest_consider(&nearest, "zbzdefgzijkz");
	assert_int_equal(nearest.distance, 4);
	nearest_consider(&nearest, "zbzdefgzijzz");
	assert_string_equal(nearest.word, "zbzdefgzijkz");
	nearest_consider(&nearest, "bacdefghijlk");
	assert_int_equal(nearest.distance, 2);
	nearest_consider(&nearest, "abcdefghijk");
	assert_int_equal(nearest.distance, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slip_is_understood),
		cmocka_unit_test(a_part_of_a_word_is_understood),
		cmocka_unit_test(the_nearer_of_two_wins),
		cmocka_unit_test(what_is_far_from_all_is_nothing),
		cmocka_unit_test(a_word_at_the_limit_is_found),
	};

	return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
