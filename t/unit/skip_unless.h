/* SPDX-License-Identifier: PostgreSQL */

/*
 * Leaves the test where the condition does not hold, and has the runner name
 * why.  cmocka's own skip() is "not ok" in the TAP of its 1.1.5.
 */
#ifndef PGJUMP_TEST_SKIP_UNLESS_H
#define PGJUMP_TEST_SKIP_UNLESS_H

#include <stdio.h>

#define SKIP_UNLESS(condition, why)                   \
	do {                                          \
		if (!(condition)) {                   \
			printf("# skip %s\n", (why)); \
			return;                       \
		}                                     \
	} while (0)

#endif
