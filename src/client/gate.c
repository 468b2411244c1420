/* SPDX-License-Identifier: PostgreSQL */

/*
 * Counts, a queue and a brake under one mutex.  The brake keeps no history: it
 * counts the failing answers of the current second.
 *
 * A cancel request waits in the queue.  The thread that makes room calls the
 * first one by a message to its mailbox.  That message is the request itself,
 * so a request that leaves in between is freed when the message arrives.
 */
#include "client/gate.h"

#include <pthread.h>

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/xmalloc.h"

#define QUICK_ANSWERS 5
#define WINDOW_MS     1000
#define DELAY_MS      500
#define TELL_MS       1000 /* between two log lines on missed turns */

enum cancel_state {
	CANCEL_WAITING,
	CANCEL_CALLED, /* its turn has come, and the message is on its way */
	CANCEL_LEFT,   /* the request left while the message was on its way */
	CANCEL_UNDER_WAY,
};

/*
 * Any thread may set CALLED, under the mutex.  Every other state is set by the
 * thread of its mailbox.
 */
struct gate_cancel {
	struct message message; /* first: see on_call() */
	TAILQ_ENTRY(gate_cancel) entry;
	struct gate *gate;
	struct mailbox *mailbox;
	enum cancel_state state;
	void (*on_turn)(void *arg);
	void *arg;
};

TAILQ_HEAD(cancel_queue, gate_cancel);

struct gate {
	atomic_uint refs;
	pthread_mutex_t mutex;
	unsigned max_clients;
	struct gate_state state;
	uint64_t failures[STAGE_COUNT];
	struct fault fault; /* of the last failure */
	struct counts_list counts;
	uint64_t gone[COUNT_COUNT];  /* of counts that have left */
	struct cancel_queue cancels; /* those that wait */
	unsigned cancels_waiting, cancels_under_way;
	uint64_t cancels_missed, cancels_told;
	int64_t told_ms; /* 0: never */
	int64_t window_start_ms;
	unsigned answers; /* failing answers since then */
};

struct gate *
gate_new(unsigned max_clients)
{
	struct gate *gate = xcalloc(1, sizeof *gate);

	atomic_init(&gate->refs, 1);
	pthread_mutex_init(&gate->mutex, NULL);
	gate->max_clients = max_clients;
	TAILQ_INIT(&gate->cancels);
	LIST_INIT(&gate->counts);
	return gate;
}

struct gate *
gate_ref(struct gate *gate)
{
	atomic_fetch_add(&gate->refs, 1);
	return gate;
}

void
gate_limit(struct gate *gate, unsigned max_clients)
{
	pthread_mutex_lock(&gate->mutex);
	gate->max_clients = max_clients;
	pthread_mutex_unlock(&gate->mutex);
}

void
gate_unref(struct gate *gate)
{
	if (gate == NULL || atomic_fetch_sub(&gate->refs, 1) > 1)
		return;
	assert(TAILQ_EMPTY(&gate->cancels));
	pthread_mutex_destroy(&gate->mutex);
	free(gate);
}

/* --- Cancel requests ------------------------------------------------------ */

static bool
has_room_for_cancel(const struct gate *gate)
{
	return gate->cancels_under_way < GATE_CANCELS_MIN ||
	    gate->cancels_under_way < gate->state.clients;
}

/* Call with the mutex, after room was made. */
static void
call_cancels(struct gate *gate)
{
	struct gate_cancel *first;

	while ((first = TAILQ_FIRST(&gate->cancels)) != NULL &&
	    has_room_for_cancel(gate)) {
		TAILQ_REMOVE(&gate->cancels, first, entry);
		gate->cancels_waiting--;
		gate->cancels_under_way++;
		first->state = CANCEL_CALLED;
		mailbox_post(first->mailbox, &first->message);
	}
}

/* The message has arrived; false: its request has left and is freed. */
static bool
take_back(struct gate_cancel *cancel)
{
	if (cancel->state == CANCEL_LEFT) {
		free(cancel);
		return false;
	}
	cancel->state = CANCEL_UNDER_WAY;
	return true;
}

static void
on_call(struct message *message, void *receiver)
{
	struct gate_cancel *cancel = (struct gate_cancel *)message;

	(void)receiver;
	if (take_back(cancel))
		cancel->on_turn(cancel->arg);
}

static void
on_discard(struct message *message)
{
	take_back((struct gate_cancel *)message);
}

static struct gate_cancel *
cancel_new(struct gate *gate, struct mailbox *mailbox,
    void (*on_turn)(void *arg), void *arg)
{
	struct gate_cancel *cancel = xcalloc(1, sizeof *cancel);

	cancel->message.deliver = on_call;
	cancel->message.discard = on_discard;
	cancel->gate = gate;
	cancel->mailbox = mailbox;
	cancel->on_turn = on_turn;
	cancel->arg = arg;
	return cancel;
}

/* Call with the mutex.  False: the request may not even wait. */
static bool
admit_cancel(struct gate *gate, struct gate_cancel *cancel)
{
	if (TAILQ_EMPTY(&gate->cancels) && has_room_for_cancel(gate)) {
		cancel->state = CANCEL_UNDER_WAY;
		gate->cancels_under_way++;
		return true;
	}
	if (gate->cancels_waiting == GATE_CANCELS_WAITING)
		return false;
	cancel->state = CANCEL_WAITING;
	gate->cancels_waiting++;
	TAILQ_INSERT_TAIL(&gate->cancels, cancel, entry);
	return true;
}

struct gate_cancel *
gate_cancel_enter(struct gate *gate, struct mailbox *mailbox,
    void (*on_turn)(void *arg), void *arg)
{
	struct gate_cancel *cancel = cancel_new(gate, mailbox, on_turn, arg);
	bool is_admitted;

	pthread_mutex_lock(&gate->mutex);
	is_admitted = admit_cancel(gate, cancel);
	pthread_mutex_unlock(&gate->mutex);
	if (is_admitted)
		return cancel;
	free(cancel);
	return NULL;
}

bool
gate_cancel_has_turn(const struct gate_cancel *cancel)
{
	bool has_turn;

	pthread_mutex_lock(&cancel->gate->mutex);
	has_turn = cancel->state != CANCEL_WAITING;
	pthread_mutex_unlock(&cancel->gate->mutex);
	return has_turn;
}

/* Call with the mutex. */
static void
remove_cancel(struct gate *gate, struct gate_cancel *cancel)
{
	if (cancel->state == CANCEL_WAITING) {
		TAILQ_REMOVE(&gate->cancels, cancel, entry);
		gate->cancels_waiting--;
	} else {
		assert(gate->cancels_under_way > 0);
		gate->cancels_under_way--;
		call_cancels(gate);
	}
}

void
gate_cancel_leave(struct gate_cancel *cancel)
{
	struct gate *gate;
	bool is_called;

	if (cancel == NULL)
		return;
	gate = cancel->gate;
	pthread_mutex_lock(&gate->mutex);
	remove_cancel(gate, cancel);
	is_called = cancel->state == CANCEL_CALLED;
	cancel->state = CANCEL_LEFT;
	pthread_mutex_unlock(&gate->mutex);
	if (!is_called)
		free(cancel);
}

uint64_t
gate_cancel_miss(struct gate *gate)
{
	uint64_t missed;

	pthread_mutex_lock(&gate->mutex);
	missed = ++gate->cancels_missed;
	pthread_mutex_unlock(&gate->mutex);
	return missed;
}

uint64_t
gate_cancels_untold(struct gate *gate)
{
	int64_t now_ms = clock_ms();
	uint64_t untold = 0;

	pthread_mutex_lock(&gate->mutex);
	if (gate->cancels_waiting == 0 || gate->told_ms == 0 ||
	    now_ms - gate->told_ms >= TELL_MS)
		untold = gate->cancels_missed - gate->cancels_told;
	if (untold > 0) {
		gate->cancels_told = gate->cancels_missed;
		gate->told_ms = now_ms;
	}
	pthread_mutex_unlock(&gate->mutex);
	return untold;
}

/* --- Clients -------------------------------------------------------------- */

bool
gate_enter(struct gate *gate)
{
	bool is_free;

	pthread_mutex_lock(&gate->mutex);
	is_free = gate->state.clients < gate->max_clients;
	if (is_free) {
		gate->state.clients++;
		call_cancels(gate);
	}
	pthread_mutex_unlock(&gate->mutex);
	return is_free;
}

void
gate_leave(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	assert(gate->state.clients > 0);
	gate->state.clients--;
	pthread_mutex_unlock(&gate->mutex);
}

bool
gate_arrive(struct gate *gate)
{
	bool is_free;

	pthread_mutex_lock(&gate->mutex);
	is_free = gate->state.arrivals <
	    gate->max_clients + GATE_ARRIVALS_SPARE;
	if (is_free)
		gate->state.arrivals++;
	pthread_mutex_unlock(&gate->mutex);
	return is_free;
}

void
gate_settle(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	assert(gate->state.arrivals > 0);
	gate->state.arrivals--;
	pthread_mutex_unlock(&gate->mutex);
}

void
gate_fail(struct gate *gate, const struct fault *fault)
{
	pthread_mutex_lock(&gate->mutex);
	gate->state.failures++;
	gate->failures[failure_info(fault->code)->stage]++;
	gate->fault = *fault;
	gate->state.last_failure = fault->code;
	gate->state.failed_ms = clock_ms();
	if (failure_stage(fault->code)->side == SIDE_TUNNEL) {
		gate->state.tunnel_failures++;
		gate->state.last_tunnel_failure = fault->code;
	}
	pthread_mutex_unlock(&gate->mutex);
}

struct gate_state
gate_look(struct gate *gate)
{
	struct gate_state state;

	pthread_mutex_lock(&gate->mutex);
	state = gate->state;
	pthread_mutex_unlock(&gate->mutex);
	return state;
}

/* --- Counts ----------------------------------------------------------------
 */

static void
add_values(const struct counts *counts, uint64_t sum[COUNT_COUNT])
{
	for (size_t i = 0; i < COUNT_COUNT; i++)
		sum[i] += atomic_load_explicit(&counts->values[i],
		    memory_order_relaxed);
}

void
gate_join(struct gate *gate, struct counts *counts)
{
	pthread_mutex_lock(&gate->mutex);
	LIST_INSERT_HEAD(&gate->counts, counts, entry);
	pthread_mutex_unlock(&gate->mutex);
}

void
gate_part(struct gate *gate, struct counts *counts)
{
	pthread_mutex_lock(&gate->mutex);
	LIST_REMOVE(counts, entry);
	add_values(counts, gate->gone);
	pthread_mutex_unlock(&gate->mutex);
}

void
gate_report(struct gate *gate, struct gate_report *out)
{
	const struct counts *counts;

	out->waiting = 0;
	pthread_mutex_lock(&gate->mutex);
	out->state = gate->state;
	out->fault = gate->fault;
	memcpy(out->failures, gate->failures, sizeof out->failures);
	memcpy(out->values, gate->gone, sizeof out->values);
	LIST_FOREACH(counts, &gate->counts, entry) {
		out->waiting += atomic_load(&counts->waiting);
		add_values(counts, out->values);
	}
	pthread_mutex_unlock(&gate->mutex);
}

uint64_t
gate_probe(struct gate *gate)
{
	uint64_t probes;

	pthread_mutex_lock(&gate->mutex);
	probes = ++gate->state.probes;
	pthread_mutex_unlock(&gate->mutex);
	return probes;
}

/* --- The brake ------------------------------------------------------------ */

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
