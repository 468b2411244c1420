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
#include "command/shared.h"
#include "command/state.h"
#include "config/config.h"
#include "jump/jump.h"

/* A beat is a few instructions, and far below what counts as stuck. */
#define BEAT_MS 5000

struct worker {
	const struct shared *shared;
	unsigned number;
	pthread_t thread;
	struct event_base *base;
	struct mailbox *mailbox;
	atomic_size_t load;        /* clients handed over and not gone */
	_Atomic int64_t turned_ms; /* when the loop last turned */
	/* For the worker's thread only. */
	struct clients **clients; /* by connection */
	struct jump **jumps;      /* as shared->boxes; NULL where unused */
	size_t jump_count;
	void *scratch;        /* shared by all clients */
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

/* The main thread asks a worker what it knows. */
struct look {
	struct message message;
	struct mailbox *home;
	struct message *done;
	struct state *out;
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
on_client_gone(void *arg)
{
	struct worker *worker = arg;

	atomic_fetch_sub(&worker->load, 1);
	tell_if_drained(worker);
}

static void
on_arrival(struct message *message, void *receiver)
{
	struct arrival *arrival = (struct arrival *)message;
	struct worker *worker = receiver;

	clients_add(worker->clients[arrival->connection], arrival->fd,
	    arrival->id, (struct sockaddr *)&arrival->peer);
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
	for (size_t i = 0; i < worker->shared->cfg->connection_count; i++)
		clients_drain(worker->clients[i]);
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
on_look(struct message *message, void *receiver)
{
	struct look *look = (struct look *)message;
	struct worker *worker = receiver;
	struct state *out = look->out;

	for (size_t i = 0; i < worker->jump_count; i++)
		if (worker->jumps[i] != NULL)
			out->jumps[i] = jump_look(worker->jumps[i]);
	for (size_t i = 0; i < worker->shared->cfg->connection_count; i++)
		out->waiting[i] = clients_waiting(worker->clients[i]);
	mailbox_post(look->home, look->done);
	mailbox_unref(look->home);
	free(look);
}

static void
on_look_discard(struct message *message)
{
	struct look *look = (struct look *)message;

	look->done->discard(look->done);
	mailbox_unref(look->home);
	free(look);
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

/* The slot of a connection's jump box; the last one is for no jump box. */
static size_t
jump_index(const struct worker *worker,
    const struct config_connection *connection)
{
	return connection->jump != NULL ? connection->jump->index
					: worker->jump_count - 1;
}

static void
open_jump(struct worker *worker, size_t index)
{
	if (worker->jumps[index] == NULL)
		worker->jumps[index] = jump_open(worker->base,
		    worker->shared->cfg, worker->shared->boxes[index],
		    worker->mailbox);
}

static void
open_clients(struct worker *worker, size_t index)
{
	struct config *cfg = worker->shared->cfg;
	const struct config_connection *connection = &cfg->connections[index];
	size_t jump = jump_index(worker, connection);

	open_jump(worker, jump);
	worker->clients[index] = clients_open(&(struct clients_setup){
	    .base = worker->base,
	    .mailbox = worker->mailbox,
	    .cfg = cfg,
	    .connection = connection,
	    .gate = worker->shared->gates[index],
	    .jump = worker->jumps[jump],
	    .identity = worker->shared->identities[index],
	    .owners = worker->shared->owners,
	    .scratch = worker->scratch,
	    .on_gone = on_client_gone,
	    .arg = worker,
	});
}

static void
open_all(struct worker *worker)
{
	size_t connection_count = worker->shared->cfg->connection_count;

	worker->scratch = xmalloc(CLIENTS_SCRATCH_LEN);
	worker->jump_count = worker->shared->cfg->jump_count + 1;
	worker->jumps = xcalloc(worker->jump_count, sizeof *worker->jumps);
	worker->clients = xcalloc(connection_count, sizeof *worker->clients);
	for (size_t i = 0; i < connection_count; i++)
		open_clients(worker, i);
}

/*
 * The order matters: clients use jump boxes, and dialers post to the mailbox
 * until their jump box is closed.
 */
static void
close_all(struct worker *worker)
{
	for (size_t i = 0; i < worker->shared->cfg->connection_count; i++)
		clients_close(worker->clients[i]);
	for (size_t i = 0; i < worker->jump_count; i++)
		if (worker->jumps[i] != NULL)
			jump_close(worker->jumps[i]);
	mailbox_close(worker->mailbox);
	if (worker->home != NULL) {
		worker->done->discard(worker->done);
		mailbox_unref(worker->home);
	}
	free(worker->scratch);
	free(worker->clients);
	free(worker->jumps);
}

static void
run_turn(struct worker *worker)
{
	int result = event_base_loop(worker->base, EVLOOP_ONCE);

	assert(result == 0);
	for (size_t i = 0; i < worker->jump_count; i++)
		if (worker->jumps[i] != NULL)
			jump_turn(worker->jumps[i]);
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
worker_start_on(const struct shared *shared, unsigned number,
    struct event_base *take)
{
	struct worker *worker = xcalloc(1, sizeof *worker);
	int error;

	worker->shared = shared;
	worker->number = number;
	atomic_init(&worker->load, 0);
	atomic_init(&worker->turned_ms, clock_ms());
	worker->base = take;
	worker->mailbox = mailbox_new(worker->base, worker);
	error = pthread_create(&worker->thread, NULL, run, worker);
	if (error != 0) {
		mailbox_close(worker->mailbox);
		mailbox_unref(worker->mailbox);
		free(worker);
		errno = error;
		return NULL;
	}
	name_thread(worker);
	return worker;
}

struct worker *
worker_start(const struct shared *shared, unsigned number)
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
worker_look(struct worker *worker, struct mailbox *home,
    struct message *take_done, struct state *out)
{
	struct look *look = xcalloc(1, sizeof *look);

	look->message.deliver = on_look;
	look->message.discard = on_look_discard;
	look->home = mailbox_ref(home);
	look->done = take_done;
	look->out = out;
	mailbox_post(worker->mailbox, &look->message);
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
	free(worker);
}
