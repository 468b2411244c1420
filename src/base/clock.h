/* SPDX-License-Identifier: PostgreSQL */

/*
 * Milliseconds that never go back.  Every deadline and duration of the program
 * is counted in them.
 */
#ifndef PGJUMP_BASE_CLOCK_H
#define PGJUMP_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t clock_ms(void);

/* The same in microseconds, for measurements. */
int64_t clock_us(void);

static inline int64_t
clock_earlier(int64_t one_ms, int64_t other_ms)
{
	return one_ms < other_ms ? one_ms : other_ms;
}

/*
 * Milliseconds until `deadline_ms`, never below 0, as poll() takes them.  A
 * wait that is too long for poll() is cut short; the caller waits again.
 */
int clock_left_ms(int64_t deadline_ms);

/* A duration as libevent takes it; a negative one counts as 0. */
struct timeval clock_timeval(int64_t duration_ms);

/* A duration for people, to a tenth of a second: "4 s", "2.5 s", "250 ms". */
struct clock_text {
	char text[24];
};

struct clock_text clock_text(int64_t duration_ms);

#endif
