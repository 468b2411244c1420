/* SPDX-License-Identifier: PostgreSQL */

/*
 * A list of workers, and how many of them still have clients during a drain.
 */
#include "command/crew.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/xmalloc.h"
#include "command/shared.h"
#include "command/worker.h"
#include "config/config.h"

struct crew {
	struct worker **workers;
	unsigned count;
	uint64_t clients_seen; /* the id of the last one */
	unsigned undrained;    /* workers with clients, while draining */
	void (*on_drained)(void *arg);
	void *arg;
};

/* A worker tells that its last client is gone. */
struct drained {
	struct message message;
	struct crew *crew;
};

struct crew *
crew_start(struct shared *shared)
{
	unsigned count = shared->cfg->workers;
	struct crew *crew = xcalloc(1, sizeof *crew);

	crew->workers = xcalloc(count, sizeof *crew->workers);
	for (unsigned i = 0; i < count; i++) {
		crew->workers[i] = worker_start(shared, i);
		if (crew->workers[i] == NULL) {
			log_error("cannot start a worker",
			    log_str("error", strerror(errno)));
			crew_stop(crew);
			return NULL;
		}
		crew->count++;
	}
	return crew;
}

struct worker *const *
crew_workers(const struct crew *crew, unsigned *count)
{
	*count = crew->count;
	return crew->workers;
}

static struct worker *
least_loaded(const struct crew *crew)
{
	struct worker *least = crew->workers[0];

	for (unsigned i = 1; i < crew->count; i++)
		if (worker_load(crew->workers[i]) < worker_load(least))
			least = crew->workers[i];
	return least;
}

void
crew_hand(struct crew *crew, size_t connection, int take_fd,
    const struct sockaddr *peer, socklen_t peer_len)
{
	worker_hand(least_loaded(crew), connection, take_fd,
	    ++crew->clients_seen, peer, peer_len);
}

size_t
crew_load(const struct crew *crew)
{
	size_t load = 0;

	for (unsigned i = 0; i < crew->count; i++)
		load += worker_load(crew->workers[i]);
	return load;
}

int64_t
crew_turned_ms(const struct crew *crew)
{
	int64_t turned_ms = worker_turned_ms(crew->workers[0]);

	for (unsigned i = 1; i < crew->count; i++)
		turned_ms = clock_earlier(turned_ms,
		    worker_turned_ms(crew->workers[i]));
	return turned_ms;
}

void
crew_renew(struct crew *crew, struct shared *next)
{
	for (unsigned i = 0; i < crew->count; i++)
		worker_renew(crew->workers[i], next);
}

static void
on_drained(struct message *message, void *receiver)
{
	struct crew *crew = ((struct drained *)message)->crew;

	(void)receiver;
	free(message);
	if (--crew->undrained == 0)
		crew->on_drained(crew->arg);
}

static void
on_drained_discard(struct message *message)
{
	free(message);
}

void
crew_drain(struct crew *crew, struct mailbox *of_main,
    void (*on_end)(void *arg), void *arg)
{
	assert(crew->on_drained == NULL);
	crew->undrained = crew->count;
	crew->on_drained = on_end;
	crew->arg = arg;
	for (unsigned i = 0; i < crew->count; i++) {
		struct drained *drained = xcalloc(1, sizeof *drained);

		drained->message.deliver = on_drained;
		drained->message.discard = on_drained_discard;
		drained->crew = crew;
		worker_drain(crew->workers[i], of_main, &drained->message);
	}
}

void
crew_stop(struct crew *crew)
{
	if (crew == NULL)
		return;
	for (unsigned i = 0; i < crew->count; i++)
		worker_stop(crew->workers[i]);
	free(crew->workers);
	free(crew);
}
