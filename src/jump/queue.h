/* SPDX-License-Identifier: PostgreSQL */

/*
 * The order of those who wait for a stream: first come, first served, except
 * that clients go before cancel requests.  So that many clients do not hold up
 * a cancel for long, nor many cancels the clients, every fifth turn is a
 * cancel's where both wait.
 */
#ifndef PGJUMP_JUMP_QUEUE_H
#define PGJUMP_JUMP_QUEUE_H

#include <stdbool.h>
#include <sys/queue.h>

/* Part of what waits. */
struct jump_place {
	TAILQ_ENTRY(jump_place) entry;
	bool is_cancel; /* set by its owner, before it joins */
};

TAILQ_HEAD(jump_places, jump_place);

struct jump_queue {
	struct jump_places clients, cancels;
	unsigned clients_ahead; /* that were served before the first cancel */
};

void jump_queue_init(struct jump_queue *);
bool jump_queue_is_empty(const struct jump_queue *);

/* The list that one waits in, behind all of its kind. */
struct jump_places *jump_queue_list(struct jump_queue *,
    const struct jump_place *);

/* It has left the queue because it is served: this was its turn. */
void jump_queue_count(struct jump_queue *, const struct jump_place *);

/*
 * A walk in the order of turns; NULL ends it.  Only the place it came to last
 * may leave meanwhile.
 */
struct jump_walk {
	struct jump_place *client, *cancel;
};

struct jump_walk jump_queue_walk(const struct jump_queue *);
struct jump_place *jump_queue_next(const struct jump_queue *,
    struct jump_walk *);

#endif
