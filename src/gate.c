/* SPDX-License-Identifier: PostgreSQL */

/*
 * Counts and a brake under one mutex.  The brake looks at the current second
 * of the clock, not at a history: five quick answers, then patience.
 */
#include "gate.h"

#include <pthread.h>

#include <assert.h>
#include <stdlib.h>

#include "clock.h"
#include "xmalloc.h"

#define QUICK_ANSWERS 5
#define WINDOW_MS     1000
#define DELAY_MS      500

struct gate {
	pthread_mutex_t mutex;
	unsigned max_clients, clients;
	unsigned arrivals; /* clients without a place */
	uint64_t probes;
	int64_t window_start_ms;
	unsigned answers; /* failing ones since then */
};

struct gate *
gate_new(unsigned max_clients)
{
	struct gate *gate = xcalloc(1, sizeof *gate);

	pthread_mutex_init(&gate->mutex, NULL);
	gate->max_clients = max_clients;
	return gate;
}

void
gate_free(struct gate *gate)
{
	if (gate == NULL)
		return;
	pthread_mutex_destroy(&gate->mutex);
	free(gate);
}

bool
gate_enter(struct gate *gate)
{
	bool is_free;

	pthread_mutex_lock(&gate->mutex);
	is_free = gate->clients < gate->max_clients;
	if (is_free)
		gate->clients++;
	pthread_mutex_unlock(&gate->mutex);
	return is_free;
}

void
gate_leave(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	assert(gate->clients > 0);
	gate->clients--;
	pthread_mutex_unlock(&gate->mutex);
}

bool
gate_arrive(struct gate *gate)
{
	bool is_free;

	pthread_mutex_lock(&gate->mutex);
	is_free = gate->arrivals < gate->max_clients + GATE_ARRIVALS_SPARE;
	if (is_free)
		gate->arrivals++;
	pthread_mutex_unlock(&gate->mutex);
	return is_free;
}

void
gate_settle(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	assert(gate->arrivals > 0);
	gate->arrivals--;
	pthread_mutex_unlock(&gate->mutex);
}

uint64_t
gate_probe(struct gate *gate)
{
	uint64_t probes;

	pthread_mutex_lock(&gate->mutex);
	probes = ++gate->probes;
	pthread_mutex_unlock(&gate->mutex);
	return probes;
}

int64_t
gate_brake_ms(struct gate *gate)
{
	int64_t now_ms = clock_ms();
	bool is_quick;

	pthread_mutex_lock(&gate->mutex);
	if (now_ms - gate->window_start_ms >= WINDOW_MS) {
		gate->window_start_ms = now_ms;
		gate->answers = 0;
	}
	is_quick = gate->answers < QUICK_ANSWERS;
	gate->answers++;
	pthread_mutex_unlock(&gate->mutex);
	return is_quick ? 0 : DELAY_MS;
}
