/* SPDX-License-Identifier: PostgreSQL */

/*
 * The monotonic clock.
 */
#include "base/clock.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>

int64_t
clock_ms(void)
{
	return clock_us() / 1000;
}

int64_t
clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int
clock_left_ms(int64_t deadline_ms)
{
	int64_t left_ms = deadline_ms - clock_ms();

	if (left_ms < 0)
		return 0;
	return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

struct timeval
clock_timeval(int64_t duration_ms)
{
	if (duration_ms < 0)
		duration_ms = 0;
	return (struct timeval){ .tv_sec = duration_ms / 1000,
		.tv_usec = duration_ms % 1000 * 1000 };
}

struct clock_text
clock_text(int64_t duration_ms)
{
	int64_t tenths = (duration_ms + 50) / 100;
	struct clock_text out;

	if (tenths < 10)
		snprintf(out.text, sizeof out.text, "%" PRId64 " ms",
		    duration_ms);
	else if (tenths % 10 == 0)
		snprintf(out.text, sizeof out.text, "%" PRId64 " s",
		    tenths / 10);
	else
		snprintf(out.text, sizeof out.text, "%" PRId64 ".%" PRId64 " s",
		    tenths / 10, tenths % 10);
	return out;
}
