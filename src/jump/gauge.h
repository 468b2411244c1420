/* SPDX-License-Identifier: PostgreSQL */

/*
 * What the links of one worker to one jump box are at the moment, for readers
 * in other threads.  Only its worker writes it, and no lock is taken.
 */
#ifndef PGJUMP_JUMP_GAUGE_H
#define PGJUMP_JUMP_GAUGE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct jump_gauge {
	LIST_ENTRY(jump_gauge) entry; /* in the list of its jump box */
	atomic_size_t links, channels;
	_Atomic int64_t rtt_us; /* the shortest; 0: not measured */
};

LIST_HEAD(jump_gauges, jump_gauge);

/* The worker's thread. */
static inline void
jump_gauge_set(struct jump_gauge *gauge, size_t links, size_t channels,
    int64_t rtt_us)
{
	atomic_store_explicit(&gauge->links, links, memory_order_relaxed);
	atomic_store_explicit(&gauge->channels, channels, memory_order_relaxed);
	atomic_store_explicit(&gauge->rtt_us, rtt_us, memory_order_relaxed);
}

/* Add up all of a list, whose lock is held; the shortest round trip counts. */
void jump_gauge_sum(const struct jump_gauges *, size_t *links, size_t *channels,
    int64_t *rtt_us);

#endif
