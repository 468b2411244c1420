/* SPDX-License-Identifier: PostgreSQL */

/*
 * What a jump box's reasons and words are taken for.
 */
#include "ssh_failure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct {
	unsigned reason;
	const char *words;
	bool is_socket;
	enum failure want;
} cases[] = {
	{ 2, "Connection refused", false, FAIL_DB_REFUSED },
	{ 2, "Connection reset by peer", false, FAIL_DB_CLOSED },
	{ 2, "Connection timed out", false, FAIL_DB_TIMEOUT },
	{ 2, "No route to host", false, FAIL_DB_UNREACHABLE },
	{ 2, "Network is unreachable", false, FAIL_DB_UNREACHABLE },
	{ 2, "Name or service not known", false, FAIL_DB_NAME_UNKNOWN },
	{ 2, "Temporary failure in name resolution", false,
	    FAIL_DB_NAME_UNKNOWN },
	{ 2, "Error resolving 'a..b' port '5432'. Name or service not known",
	    false, FAIL_DB_NAME_UNKNOWN },
	{ 2, "connect: connection refused", false, FAIL_DB_REFUSED },
	{ 2, "open failed", false, FAIL_DB_UNREACHED },
	{ 2, "", false, FAIL_DB_UNREACHED },
	{ 0, "", false, FAIL_DB_UNREACHED },
	{ 3, "", false, FAIL_DB_UNREACHED },
	{ 1, "open failed", false, FAIL_FORWARD_DENIED },
	{ 1, "", false, FAIL_FORWARD_DENIED },
	{ 1, "Connection refused by policy", false, FAIL_FORWARD_DENIED },
	{ 4, "too many", false, FAIL_FORWARD_LIMIT_PEER },
	{ 2, "open failed", true, FAIL_DB_UNREACHED_SOCKET },
	{ 1, "", true, FAIL_FORWARD_DENIED },
};

static void
test_words_and_reasons(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(ssh_failure_of_open(cases[i].reason,
				     cases[i].words, cases[i].is_socket),
		    cases[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_and_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
