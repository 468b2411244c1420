/* SPDX-License-Identifier: PostgreSQL */

/*
 * The bounds of each wait, and its spread between them.
 */
#include "jump/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define DRAWS 2000

static const struct {
	enum retry retry;
	unsigned failures;
	int64_t least_ms, most_ms;
} cases[] = {
	{ RETRY_SOON, 1, 250, 500 },
	{ RETRY_SOON, 2, 250, 1000 },
	{ RETRY_SOON, 3, 250, 2000 },
	{ RETRY_SOON, 7, 250, 30000 },
	{ RETRY_SOON, 1000000, 250, 30000 },
	{ RETRY_RARELY, 1, 30000, 30000 },
	{ RETRY_RARELY, 2, 60000, 60000 },
	{ RETRY_RARELY, 5, 480000, 480000 },
	{ RETRY_RARELY, 6, 600000, 600000 },
	{ RETRY_RARELY, 1000000, 600000, 600000 },
};

/* Every draw is within the bounds, and some come near each. */
static void
waits_lie_between_their_bounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t least_ms = cases[i].most_ms, most_ms = 0;
		int64_t near_ms = (cases[i].most_ms - cases[i].least_ms) / 20;

		for (int draw = 0; draw < DRAWS; draw++) {
			int64_t ms = backoff_ms(cases[i].retry,
			    cases[i].failures);

			least_ms = ms < least_ms ? ms : least_ms;
			most_ms = ms > most_ms ? ms : most_ms;
		}
		assert_in_range(least_ms, cases[i].least_ms,
		    cases[i].least_ms + near_ms);
		assert_in_range(most_ms, cases[i].most_ms - near_ms,
		    cases[i].most_ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_lie_between_their_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
