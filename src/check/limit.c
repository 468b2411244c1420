/* SPDX-License-Identifier: PostgreSQL */

#include "check/limit.h"

#include <stddef.h>
#include <stdio.h>

#include "base/clock.h"
#include "config/options.h"
#include "config/value.h"

bool
check_limit_read(const char *text, int64_t *deadline_ms)
{
	static const struct option rule = { .type = OPTION_DURATION,
		.min = 100,
		.max = 3600 * 1000 };
	char expected[80];
	int64_t timeout_ms;

	if (text == NULL)
		return true;
	if (config_value_parse(&rule, text, &timeout_ms) == VALUE_GOOD) {
		*deadline_ms = clock_ms() + timeout_ms;
		return true;
	}
	config_value_expected(&rule, expected, sizeof expected);
	fprintf(stderr, "pgjump: --timeout \"%s\" is not %s\n", text, expected);
	return false;
}
