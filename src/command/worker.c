/* SPDX-License-Identifier: PostgreSQL */

/*
 * The thread in which clients and links live.  It promises to close everything
 * it opened in the same thread, clients before jump boxes before the mailbox,
 * whatever is in flight.  The main thread reaches it by messages.  It refuses
 * to know who accepts clients, and why the program ends.
 */
#include "command/worker.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "base/xmalloc.h"
#include "client/clients.h"
#include "command/roster.h"
#include "command/shared.h"

/* A beat is a few instructions, and far below what counts as stuck. */
#define BEAT_MS 5000

struct worker {
	struct shared *shared; /* what it starts with */
	unsigned number;
	pthread_t thread;
	struct event_base *base;
	struct mailbox *mailbox;
	atomic_size_t load;        /* clients handed over and not gone */
	_Atomic int64_t turned_ms; /* when the loop last turned */
	/* For the worker's thread only. */
	struct roster *roster;
	struct mailbox *home; /* set while draining and not yet drained */
	struct message *done;
	bool is_stopped;
	struct event *beat; /* makes an idle loop turn */
};

/* A client on its way from the main thread. */
struct arrival {
	struct message message;
	size_t connection;
	int fd;
	uint64_t id;
	struct sockaddr_storage peer;
};

/* The main thread asks a worker to drain. */
struct drain {
	struct message message;
	struct mailbox *home;
	struct message *done;
};

/* The main thread gives a worker another configuration. */
struct renewal {
	struct message message;
	struct shared *next;
};

static void
tell_if_drained(struct worker *worker)
{
	if (worker->home == NULL || worker_load(worker) > 0)
		return;
	mailbox_post(worker->home, worker->done);
	mailbox_unref(worker->home);
	worker->home = NULL;
	worker->done = NULL;
}

static void
on_clients_gone(void *arg, size_t count)
{
	struct worker *worker = arg;

	atomic_fetch_sub(&worker->load, count);
	tell_if_drained(worker);
}

static void
on_arrival(struct message *message, void *receiver)
{
	struct arrival *arrival = (struct arrival *)message;
	struct worker *worker = receiver;

	clients_add(roster_clients(worker->roster, arrival->connection),
	    arrival->fd, arrival->id, (struct sockaddr *)&arrival->peer);
	free(arrival);
}

static void
on_arrival_discard(struct message *message)
{
	struct arrival *arrival = (struct arrival *)message;

	close(arrival->fd);
	free(arrival);
}

static void
on_drain(struct message *message, void *receiver)
{
	struct drain *drain = (struct drain *)message;
	struct worker *worker = receiver;

	worker->home = drain->home;
	worker->done = drain->done;
	free(drain);
	roster_drain(worker->roster, FAIL_SHUTDOWN);
	tell_if_drained(worker);
}

static void
on_drain_discard(struct message *message)
{
	struct drain *drain = (struct drain *)message;

	drain->done->discard(drain->done);
	mailbox_unref(drain->home);
	free(drain);
}

static void
on_renewal(struct message *message, void *receiver)
{
	struct renewal *renewal = (struct renewal *)message;
	struct worker *worker = receiver;

	roster_renew(worker->roster, renewal->next);
	message->discard(message);
}

static void
on_renewal_discard(struct message *message)
{
	struct renewal *renewal = (struct renewal *)message;

	shared_unref(renewal->next);
	free(renewal);
}

static void
on_stop(struct message *message, void *receiver)
{
	struct worker *worker = receiver;

	worker->is_stopped = true;
	free(message);
}

static void
on_stop_discard(struct message *message)
{
	free(message);
}

static void
open_all(struct worker *worker)
{
	worker->roster = roster_open(
	    &(struct roster_setup){
		.base = worker->base,
		.mailbox = worker->mailbox,
		.on_gone = on_clients_gone,
		.arg = worker,
	    },
	    worker->shared);
}

static void
close_all(struct worker *worker)
{
	roster_close(worker->roster);
	mailbox_close(worker->mailbox);
	if (worker->home != NULL) {
		worker->done->discard(worker->done);
		mailbox_unref(worker->home);
	}
}

static void
run_turn(struct worker *worker)
{
	int result = event_base_loop(worker->base, EVLOOP_ONCE);

	assert(result == 0);
	roster_turn(worker->roster);
}

static void
on_beat(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;

	(void)fd, (void)what;
	atomic_store(&worker->turned_ms, clock_ms());
}

static void *
run(void *arg)
{
	struct timeval beat_every = clock_timeval(BEAT_MS);
	struct worker *worker = arg;

	open_all(worker);
	worker->beat = loop_event(worker->base, -1, EV_PERSIST, on_beat,
	    worker);
	event_add(worker->beat, &beat_every);
	while (!worker->is_stopped)
		run_turn(worker);
	event_free(worker->beat);
	close_all(worker);
	return NULL;
}

static void
name_thread(const struct worker *worker)
{
	char name[16]; /* the kernel's limit */

	snprintf(name, sizeof name, "worker %u", worker->number);
	pthread_setname_np(worker->thread, name);
}

struct worker *
worker_start_on(struct shared *shared, unsigned number, struct event_base *take)
{
	struct worker *worker = xcalloc(1, sizeof *worker);
	int error;

	worker->shared = shared_ref(shared);
	worker->number = number;
	atomic_init(&worker->load, 0);
	atomic_init(&worker->turned_ms, clock_ms());
	worker->base = take;
	worker->mailbox = mailbox_new(worker->base, worker);
	error = pthread_create(&worker->thread, NULL, run, worker);
	if (error != 0) {
		mailbox_close(worker->mailbox);
		mailbox_unref(worker->mailbox);
		shared_unref(worker->shared);
		free(worker);
		errno = error;
		return NULL;
	}
	name_thread(worker);
	return worker;
}

struct worker *
worker_start(struct shared *shared, unsigned number)
{
	struct event_base *base = event_base_new();
	struct worker *worker;
	int error;

	assert(base != NULL);
	worker = worker_start_on(shared, number, base);
	if (worker == NULL) {
		error = errno;
		event_base_free(base);
		errno = error;
	}
	return worker;
}

void
worker_hand(struct worker *worker, size_t connection, int take_fd, uint64_t id,
    const struct sockaddr *peer, socklen_t peer_len)
{
	struct arrival *arrival = xcalloc(1, sizeof *arrival);

	assert(peer_len <= sizeof arrival->peer);
	arrival->message.deliver = on_arrival;
	arrival->message.discard = on_arrival_discard;
	arrival->connection = connection;
	arrival->fd = take_fd;
	arrival->id = id;
	memcpy(&arrival->peer, peer, peer_len);
	atomic_fetch_add(&worker->load, 1);
	mailbox_post(worker->mailbox, &arrival->message);
}

size_t
worker_load(const struct worker *worker)
{
	return atomic_load(&worker->load);
}

int64_t
worker_turned_ms(const struct worker *worker)
{
	return atomic_load(&worker->turned_ms);
}

void
worker_drain(struct worker *worker, struct mailbox *home,
    struct message *take_done)
{
	struct drain *drain = xcalloc(1, sizeof *drain);

	drain->message.deliver = on_drain;
	drain->message.discard = on_drain_discard;
	drain->home = mailbox_ref(home);
	drain->done = take_done;
	mailbox_post(worker->mailbox, &drain->message);
}

void
worker_renew(struct worker *worker, struct shared *next)
{
	struct renewal *renewal = xcalloc(1, sizeof *renewal);

	renewal->message.deliver = on_renewal;
	renewal->message.discard = on_renewal_discard;
	renewal->next = shared_ref(next);
	mailbox_post(worker->mailbox, &renewal->message);
}

void
worker_stop(struct worker *worker)
{
	struct message *stop;

	if (worker == NULL)
		return;
	stop = xcalloc(1, sizeof *stop);
	stop->deliver = on_stop;
	stop->discard = on_stop_discard;
	mailbox_post(worker->mailbox, stop);
	pthread_join(worker->thread, NULL);
	mailbox_unref(worker->mailbox);
	event_base_free(worker->base);
	shared_unref(worker->shared);
	free(worker);
}
