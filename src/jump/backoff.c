/* SPDX-License-Identifier: PostgreSQL */

/*
 * The ceiling doubles with each failure.  After a failure that may pass by
 * itself the wait is a random part of the ceiling ("full jitter"), so that not
 * all clients of a jump box come at once when it returns.  After a failure that
 * a person must mend the wait is the whole ceiling, because servers ban clients
 * whose logins fail too often.
 */
#include "jump/backoff.h"

#include <assert.h>
#include <stdbool.h>
#include <sys/random.h>

/*
 * SOON: half a minute at most, so that a jump box which returns is soon found.
 * RARELY: ten minutes at most, far from the rates that fail2ban counts.
 */
static const struct {
	int64_t first_ms, last_ms;
	bool has_jitter;
} backoffs[] = {
	[RETRY_SOON] = { 250, 30000, true },
	[RETRY_RARELY] = { 30000, 600000, false },
};

/* A number in [0, limit). */
static int64_t
random_below(int64_t limit)
{
	uint64_t bits = 0;

	while (getrandom(&bits, sizeof bits, 0) != sizeof bits)
		continue;
	return (int64_t)(bits % (uint64_t)limit);
}

int64_t
backoff_ms(enum retry retry, unsigned failures)
{
	int64_t first_ms = backoffs[retry].first_ms;
	int64_t ceiling_ms = first_ms;

	assert(failures > 0);
	while (--failures > 0 && ceiling_ms < backoffs[retry].last_ms)
		ceiling_ms *= 2;
	if (backoffs[retry].has_jitter)
		ceiling_ms *= 2;
	if (ceiling_ms > backoffs[retry].last_ms)
		ceiling_ms = backoffs[retry].last_ms;
	if (!backoffs[retry].has_jitter)
		return ceiling_ms;
	return first_ms + random_below(ceiling_ms - first_ms + 1);
}
