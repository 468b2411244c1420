/* SPDX-License-Identifier: PostgreSQL */

/*
 * What the clients of one connection have done on one worker, for readers in
 * other threads.  Only its worker writes it, and no lock is taken.
 */
#ifndef PGJUMP_CLIENT_COUNTS_H
#define PGJUMP_CLIENT_COUNTS_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/histogram.h"
#include "pg/sqlstate.h"

/* Counters, and the first ones of rows of counters. */
enum count {
	COUNT_NONE,
	COUNT_SESSIONS,    /* that came up */
	COUNT_TO_DATABASE, /* bytes */
	COUNT_TO_CLIENT,
	/* Sessions that ended by a failure, by the moment that it met. */
	COUNT_LOST_BUSY,
	COUNT_LOST_IDLE,
	COUNT_LOST_STARTING,
	COUNT_LOST_CUT,
	/* Cancel requests, by what became of them. */
	COUNT_CANCEL_DELIVERED,
	COUNT_CANCEL_FAILED,
	COUNT_CANCEL_UNANSWERED,
	COUNT_CANCEL_NO_TURN,
	/* From the start-up packet to the database's first byte. */
	COUNT_OPEN_MS, /* the sum */
	COUNT_OPEN_BUCKET,
	/* FATAL errors of the database, by the class of their SQLSTATE. */
	COUNT_ERROR_CLASS = COUNT_OPEN_BUCKET + HISTOGRAM_BUCKETS,
	COUNT_COUNT = COUNT_ERROR_CLASS + SQLSTATE_CLASSES,
};

struct counts {
	LIST_ENTRY(counts) entry; /* in the list of its gate */
	_Atomic int64_t waiting;  /* clients that wait for a database now */
	_Atomic uint64_t values[COUNT_COUNT];
};

LIST_HEAD(counts_list, counts);

/* The worker's thread.  `which` may be a row and a number in it. */
static inline void
counts_add(struct counts *counts, unsigned which, uint64_t n)
{
	uint64_t value = atomic_load_explicit(&counts->values[which],
	    memory_order_relaxed);

	atomic_store_explicit(&counts->values[which], value + n,
	    memory_order_relaxed);
}

static inline void
counts_wait(struct counts *counts, int change)
{
	int64_t value = atomic_load_explicit(&counts->waiting,
	    memory_order_relaxed);

	atomic_store_explicit(&counts->waiting, value + change,
	    memory_order_relaxed);
}

/* A duration from the start-up packet to the database's first byte. */
static inline void
counts_open(struct counts *counts, int64_t duration_ms)
{
	counts_add(counts, COUNT_OPEN_MS, (uint64_t)duration_ms);
	counts_add(counts, COUNT_OPEN_BUCKET + histogram_bucket(duration_ms),
	    1);
}

#endif
