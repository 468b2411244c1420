/* SPDX-License-Identifier: PostgreSQL */

/*
 * The bounds of every histogram of durations: from a database next door to one
 * that is given up.
 */
#ifndef PGJUMP_BASE_HISTOGRAM_H
#define PGJUMP_BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BOUNDS 11
/* One more bucket has what is above the last bound. */
#define HISTOGRAM_BUCKETS (HISTOGRAM_BOUNDS + 1)

/* In milliseconds, ascending. */
static const int64_t histogram_bounds_ms[HISTOGRAM_BOUNDS] = { 5, 10, 25, 50,
	100, 250, 500, 1000, 2500, 5000, 10000 };

/* The bucket of a duration: the first whose bound it does not exceed. */
static inline size_t
histogram_bucket(int64_t duration_ms)
{
	size_t bucket = 0;

	while (bucket < HISTOGRAM_BOUNDS &&
	    duration_ms > histogram_bounds_ms[bucket])
		bucket++;
	return bucket;
}

#endif
