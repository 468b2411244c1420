/* SPDX-License-Identifier: PostgreSQL */

/*
 * Leave the test unless the condition holds, and let the runner say why.  In
 * the TAP of cmocka 1.1.5, its own skip() is "not ok".
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
