/* SPDX-License-Identifier: PostgreSQL */

/*
 * The order of requests that wait for a stream: first come, first served, but
 * clients before cancel requests.  Where both wait, every fifth turn goes to a
 * cancel request.  So neither kind holds up the other for long.
 */
#ifndef PGJUMP_JUMP_QUEUE_H
#define PGJUMP_JUMP_QUEUE_H

#include <stdbool.h>
#include <sys/queue.h>

/* A member of each request. */
struct jump_place {
	TAILQ_ENTRY(jump_place) entry;
	bool is_cancel; /* the owner sets it before the request joins */
};

TAILQ_HEAD(jump_places, jump_place);

struct jump_queue {
	struct jump_places clients, cancels;
	unsigned clients_ahead; /* clients served while a cancel was waiting */
};

void jump_queue_init(struct jump_queue *);
bool jump_queue_is_empty(const struct jump_queue *);

/* The list for requests of this kind; a request joins at its end. */
struct jump_places *jump_queue_list(struct jump_queue *,
    const struct jump_place *);

/* Count the turn of a request that has left the queue to be served. */
void jump_queue_count(struct jump_queue *, const struct jump_place *);

/*
 * A walk in the order of turns; NULL ends it.  Meanwhile no request may leave
 * but the one that jump_queue_next() returned last.
 */
struct jump_walk {
	struct jump_place *client, *cancel;
};

struct jump_walk jump_queue_walk(const struct jump_queue *);
struct jump_place *jump_queue_next(const struct jump_queue *,
    struct jump_walk *);

#endif
