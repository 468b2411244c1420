/* SPDX-License-Identifier: PostgreSQL */

/*
 * A worker between the main thread and fake clients: hand-over, drain and stop,
 * all while messages are under way.  It runs under ThreadSanitizer as well.
 */
#include <assert.h>
#include <event2/event.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mailbox.h"
#include "base/xmalloc.h"
#include "client/clients.h"
#include "command/shared.h"
#include "command/worker.h"
#include "config/config.h"
#include "config/load.h"
#include "jump/jump.h"

/* --- Fakes: clients which end when they are told to drain ---------------- */

struct clients {
	struct clients_setup setup;
	size_t count;
	int fds[8];
};

struct jump {
	unsigned turns, renewals;
	bool is_leaving;
};

static atomic_uint added, jumps_open, clients_left;
static atomic_bool is_patient; /* clients do not end when drained */

struct clients *
clients_open(const struct clients_setup *setup)
{
	struct clients *clients = xcalloc(1, sizeof *clients);

	assert(setup->jump != NULL);
	clients->setup = *setup;
	return clients;
}

void
clients_add(struct clients *clients, int take_fd, uint64_t id,
    const struct sockaddr *peer)
{
	assert(id > 0);
	assert(peer->sa_family == AF_UNIX);
	clients->fds[clients->count++] = take_fd;
	added++;
	clients_left++;
}

static void
end_one(struct clients *clients)
{
	close(clients->fds[--clients->count]);
	clients_left--;
}

void
clients_drain(struct clients *clients, enum failure why)
{
	assert(why == FAIL_SHUTDOWN || why == FAIL_REMOVED);
	while (clients->count > 0 && !is_patient) {
		end_one(clients);
		clients->setup.on_gone(clients->setup.arg);
	}
}

size_t
clients_count(const struct clients *clients)
{
	return clients->count;
}

void
clients_close(struct clients *clients)
{
	assert(jumps_open > 0);
	while (clients->count > 0)
		end_one(clients);
	free(clients);
}

struct jump *
jump_open(struct event_base *base, struct config *cfg,
    const struct config_jump *settings, struct jump_box *box,
    struct mailbox *of_worker, struct jump *outer)
{
	(void)base;
	(void)outer;
	assert(settings == NULL || settings == &cfg->jumps[settings->index]);
	assert(box != NULL);
	assert(of_worker != NULL);
	jumps_open++;
	return xcalloc(1, sizeof(struct jump));
}

void
jump_turn(struct jump *jump)
{
	jump->turns++;
}

void
jump_renew(struct jump *jump, struct config *cfg,
    const struct config_jump *settings)
{
	assert(settings == NULL || settings == &cfg->jumps[settings->index]);
	jump->renewals++;
}

void
jump_leave(struct jump *jump)
{
	jump->is_leaving = true;
}

bool
jump_is_over(const struct jump *jump)
{
	assert(jump->is_leaving);
	return true;
}

void
jump_close(struct jump *jump)
{
	jumps_open--;
	free(jump);
}

/* --- The main thread's side ---------------------------------------------- */

struct lab {
	struct shared *shared;
	struct event_base *base;
	struct mailbox *home;
	bool is_drained;
};

static atomic_uint discarded;

static void
on_drained(struct message *message, void *receiver)
{
	struct lab *lab = receiver;

	lab->is_drained = true;
	free(message);
}

static void
on_discarded(struct message *message)
{
	discarded++;
	free(message);
}

static struct message *
done_message(void)
{
	struct message *message = xcalloc(1, sizeof *message);

	message->deliver = on_drained;
	message->discard = on_discarded;
	return message;
}

#define TUNNEL(user)                                                 \
	"{enabled: true, host: h, username: " user ", password: p, " \
	"host_key: any}"

/* Two connections share a jump box, the third has none. */
static const char three[] = "[{name: a, host: d, ssh_tunnel: " TUNNEL(
    "u") "},"
	 " {name: b, host: d, ssh_tunnel: " TUNNEL("u") "},"
							" {name: c, host: d}]";

/* The others stay in another order, b has another jump box, a is gone. */
static const char other[] = "[{name: c, host: d},"
			    " {name: b, host: d, ssh_tunnel: " TUNNEL("v") "}]";

/* What follows `before` with this document. */
static struct shared *
shared_of(const char *document, const struct shared *before)
{
	FILE *nowhere = fopen("/dev/null", "w");
	struct config *cfg = config_load_text("test.yaml", document,
	    strlen(document), false, nowhere);
	struct shared *shared = shared_new(cfg, before);

	fclose(nowhere);
	config_unref(cfg);
	return shared;
}

static int
setup(void **state)
{
	static struct lab lab;

	lab = (struct lab){ .is_drained = false };
	lab.shared = shared_of(three, NULL);
	lab.base = event_base_new();
	lab.home = mailbox_new(lab.base, &lab);
	added = discarded = 0;
	is_patient = false;
	*state = &lab;
	return 0;
}

static int
teardown(void **state)
{
	struct lab *lab = *state;

	mailbox_close(lab->home);
	mailbox_unref(lab->home);
	event_base_free(lab->base);
	shared_unref(lab->shared);
	assert_int_equal(jumps_open, 0);
	assert_int_equal(clients_left, 0);
	return 0;
}

static void
hand(struct worker *worker, size_t connection, uint64_t id)
{
	struct sockaddr peer = { .sa_family = AF_UNIX };

	worker_hand(worker, connection, eventfd(0, EFD_CLOEXEC), id, &peer,
	    sizeof peer);
}

static void
drain_ends_clients_and_tells(void **state)
{
	struct lab *lab = *state;
	struct worker *worker = worker_start(lab->shared, 0);

	for (unsigned i = 0; i < 3; i++)
		hand(worker, i, i + 1);
	worker_drain(worker, lab->home, done_message());
	while (!lab->is_drained)
		event_base_loop(lab->base, EVLOOP_ONCE);
	assert_int_equal(worker_load(worker), 0);
	assert_int_equal(added, 3);
	worker_stop(worker);
}

static void
drain_without_clients_tells_at_once(void **state)
{
	struct lab *lab = *state;
	struct worker *worker = worker_start(lab->shared, 0);

	worker_drain(worker, lab->home, done_message());
	while (!lab->is_drained)
		event_base_loop(lab->base, EVLOOP_ONCE);
	worker_stop(worker);
}

static void
load_counts_clients_on_the_way(void **state)
{
	struct lab *lab = *state;
	struct worker *worker = worker_start(lab->shared, 0);

	hand(worker, 0, 1);
	hand(worker, 2, 2);
	assert_int_equal(worker_load(worker), 2);
	worker_stop(worker);
}

static void
stop_does_not_wait_for_patient_clients(void **state)
{
	struct lab *lab = *state;
	struct worker *worker = worker_start(lab->shared, 0);

	is_patient = true;
	hand(worker, 1, 1);
	worker_drain(worker, lab->home, done_message());
	worker_stop(worker);
	event_base_loop(lab->base, EVLOOP_NONBLOCK);
	assert_true(lab->is_drained || discarded == 1);
}

static void
five_hundred_starts_and_stops(void **state)
{
	struct lab *lab = *state;
	struct worker *workers[2];

	for (unsigned i = 0; i < 500; i++) {
		for (unsigned w = 0; w < 2; w++)
			workers[w] = worker_start(lab->shared, w);
		for (unsigned c = 0; c < i % 6; c++)
			hand(workers[c % 2], c % 3, c + 1);
		for (unsigned w = 0; w < 2 && i % 3 == 0; w++)
			worker_drain(workers[w], lab->home, done_message());
		for (unsigned w = 0; w < 2; w++)
			worker_stop(workers[w]);
		event_base_loop(lab->base, EVLOOP_NONBLOCK);
		assert_int_equal(jumps_open, 0);
	}
}

/* --- Another configuration ----------------------------------------------- */

static void
await_load(struct worker *worker, size_t load)
{
	while (worker_load(worker) != load)
		usleep(1000);
}

/* Clients of a connection that is gone end; those of the others do not. */
static void
a_worker_goes_over(void **state)
{
	struct lab *lab = *state;
	struct worker *worker = worker_start(lab->shared, 0);
	struct shared *next = shared_of(other, lab->shared);

	for (size_t i = 0; i < 3; i++)
		hand(worker, i, i + 1);
	worker_renew(worker, next);
	await_load(worker, 2);
	hand(worker, 0, 4);
	hand(worker, 1, 5);
	assert_int_equal(worker_load(worker), 4);
	worker_drain(worker, lab->home, done_message());
	while (!lab->is_drained)
		event_base_loop(lab->base, EVLOOP_ONCE);
	assert_int_equal(added, 5);
	worker_stop(worker);
	shared_unref(next);
}

/* They end by then, idle or not. */
static void
clients_of_a_removed_connection_have_a_deadline(void **state)
{
	struct lab *lab = *state;
	struct worker *worker = worker_start(lab->shared, 0);
	struct shared *next = shared_of(
	    "{shutdown_timeout: 50ms, connections: [{name: c, host: d}]}",
	    lab->shared);

	is_patient = true;
	hand(worker, 0, 1);
	hand(worker, 2, 2);
	worker_renew(worker, next);
	await_load(worker, 1);
	worker_stop(worker);
	shared_unref(next);
}

static void
what_stays_is_the_same_object(void **state)
{
	struct lab *lab = *state;
	struct shared *now = lab->shared, *next = shared_of(other, now);

	assert_int_equal(next->connection_heirs[0], SHARED_NO_HEIR);
	assert_int_equal(next->connection_heirs[1], 1);
	assert_int_equal(next->connection_heirs[2], 0);
	assert_int_equal(next->jump_heirs[0], SHARED_NO_HEIR);
	assert_int_equal(next->jump_heirs[1], 1);
	assert_ptr_equal(next->gates[0], now->gates[2]);
	assert_ptr_equal(next->gates[1], now->gates[1]);
	assert_ptr_equal(next->identities[0], now->identities[2]);
	assert_ptr_not_equal(next->boxes[0], now->boxes[0]);
	assert_ptr_equal(next->boxes[1], now->boxes[1]);
	shared_unref(next);
}

/* Each configuration but the last one goes away with its last client. */
static void
many_configurations_in_a_row(void **state)
{
	struct lab *lab = *state;
	struct shared *in_use = shared_ref(lab->shared);
	struct worker *workers[2];

	for (unsigned w = 0; w < 2; w++)
		workers[w] = worker_start(in_use, w);
	for (unsigned i = 0; i < 200; i++) {
		struct shared *next = shared_of(i % 2 == 0 ? other : three,
		    in_use);

		hand(workers[i % 2], i % 2, i + 1);
		for (unsigned w = 0; w < 2; w++)
			worker_renew(workers[w], next);
		shared_unref(in_use);
		in_use = next;
	}
	for (unsigned w = 0; w < 2; w++)
		worker_stop(workers[w]);
	shared_unref(in_use);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(drain_ends_clients_and_tells),
		TEST(drain_without_clients_tells_at_once),
		TEST(load_counts_clients_on_the_way),
		TEST(stop_does_not_wait_for_patient_clients),
		TEST(five_hundred_starts_and_stops),
		TEST(a_worker_goes_over),
		TEST(clients_of_a_removed_connection_have_a_deadline),
		TEST(what_stays_is_the_same_object),
		TEST(many_configurations_in_a_row),
	};

	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
