/* SPDX-License-Identifier: PostgreSQL */

/*
 * Two lists, and the number of clients since the last turn of a cancel request.
 */
#include "jump/queue.h"

#include <stddef.h>

/* With every fifth turn cancel requests are prompt, and cost clients little. */
#define CLIENTS_PER_CANCEL 4

void
jump_queue_init(struct jump_queue *queue)
{
	TAILQ_INIT(&queue->clients);
	TAILQ_INIT(&queue->cancels);
	queue->clients_ahead = 0;
}

bool
jump_queue_is_empty(const struct jump_queue *queue)
{
	return TAILQ_EMPTY(&queue->clients) && TAILQ_EMPTY(&queue->cancels);
}

struct jump_places *
jump_queue_list(struct jump_queue *queue, const struct jump_place *place)
{
	return place->is_cancel ? &queue->cancels : &queue->clients;
}

void
jump_queue_count(struct jump_queue *queue, const struct jump_place *place)
{
	if (place->is_cancel || TAILQ_EMPTY(&queue->cancels))
		queue->clients_ahead = 0;
	else
		queue->clients_ahead++;
}

struct jump_walk
jump_queue_walk(const struct jump_queue *queue)
{
	return (struct jump_walk){
		.client = TAILQ_FIRST(&queue->clients),
		.cancel = TAILQ_FIRST(&queue->cancels),
	};
}

struct jump_place *
jump_queue_next(const struct jump_queue *queue, struct jump_walk *walk)
{
	bool is_cancels_turn = walk->client == NULL ||
	    (walk->cancel != NULL &&
		queue->clients_ahead >= CLIENTS_PER_CANCEL);
	struct jump_place **at = is_cancels_turn ? &walk->cancel
						 : &walk->client;
	struct jump_place *place = *at;

	if (place != NULL)
		*at = TAILQ_NEXT(place, entry);
	return place;
}
