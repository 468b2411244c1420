/* SPDX-License-Identifier: PostgreSQL */

/*
 * The queue of requests for a stream, and their answers.  Answers are given at
 * the end of a turn, never inside a call from a client.  The pool decides which
 * link opens and when to dial.
 */
#include "jump/jump.h"

#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/loop.h"
#include "base/socket_stream.h"
#include "base/stream.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "jump/blame.h"
#include "jump/box.h"
#include "jump/dialer.h"
#include "jump/fault.h"
#include "jump/gauge.h"
#include "jump/pool.h"
#include "jump/queue.h"
#include "jump/requests.h"

/*
 * Waiting requests are looked at again at this interval, which nobody notices
 * beside the time that an open takes.
 */
#define TICK_MS 50
/*
 * An open whose link breaks is tried once more; then the client is told, since
 * the next link is likely to break, too.
 */
#define TRIES_MAX 2

struct jump {
	struct event_base *base;
	struct config *cfg;
	struct jump_box *box;
	struct mailbox *mailbox;
	struct pool *pool; /* NULL: without tunnel */
	struct jump_requests requests;
	struct event *tick; /* while requests wait */
	struct jump_gauge gauge;
	bool is_leaving;
	struct jump_way way; /* to the outer jump box, if there is one */
};

/* --- Through a tunnel ----------------------------------------------------- */

/* The link broke or is full, which says nothing about the database. */
static void
try_again(struct jump_request *request, const struct ssh_opened *opened)
{
	if (opened->reason != 0 || ++request->tries < TRIES_MAX) {
		jump_requests_move(request, REQUEST_WAITING);
		jump_requests_arm_timer(request, request->deadline_ms);
		return;
	}
	jump_fault_broken(&request->fault, request->connection->jump,
	    opened->lost_by);
	jump_requests_fail(request);
}

static void
finish_open(struct jump_request *request, const struct ssh_opened *opened)
{
	if (opened->stream != NULL) {
		jump_requests_succeed(request, opened->stream);
	} else if (opened->has_link_failed) {
		try_again(request, opened);
	} else {
		jump_fault_refused(&request->fault,
		    request->connection->jump->label, opened,
		    request->connection->host_kind == CONFIG_HOST_SOCKET);
		jump_requests_fail(request);
	}
}

/*
 * False: no request further back needs to ask in this turn.  `behind` is set to
 * a connection whose other requests need not ask either.
 */
static bool
ask_pool(struct jump_request *request, const struct config_connection **behind)
{
	struct jump *jump = request->jump;
	int64_t now_ms = clock_ms();
	int64_t by_ms = clock_earlier(request->deadline_ms,
	    now_ms + jump->cfg->open_timeout_ms);

	switch (pool_ask(jump->pool, request->connection, &request->originator,
	    jump_requests_waited_ms(request), by_ms, request)) {
	case POOL_OPENING:
		request->opened_ms = now_ms;
		jump_requests_move(request, REQUEST_OPENING);
		jump_queue_count(&jump->requests.waiting, &request->place);
		jump_requests_arm_timer(request, by_ms);
		break;
	case POOL_DOWN:
		pool_cause(jump->pool, &request->fault);
		jump_requests_fail(request);
		break;
	case POOL_BEHIND:
		*behind = request->connection;
		break;
	case POOL_WAIT:
		return pool_has_slot(jump->pool);
	}
	return true;
}

static struct jump_wait
wait_of(const struct jump_request *request)
{
	return (struct jump_wait){
		.connection = request->connection,
		.asked_ms = request->asked_ms,
		.opened_ms = request->opened_ms,
		.open_timeout_ms = request->jump->cfg->open_timeout_ms,
	};
}

static void
time_out_waiting(struct jump_request *request)
{
	const struct jump_wait wait = wait_of(request);

	jump_blame_waiting(&request->fault, request->jump->pool, &wait);
	jump_requests_fail(request);
}

static void
time_out_opening(struct jump_request *request)
{
	const struct jump_wait wait = wait_of(request);

	jump_blame_opening(&request->fault, request->jump->pool, &wait,
	    request);
	jump_requests_fail(request);
}

/* --- Without tunnel ------------------------------------------------------- */

static void
on_dialled(void *arg, struct dialer_outcome *outcome)
{
	struct jump_request *request = arg;

	if (outcome->fault.code == FAIL_NONE) {
		jump_requests_succeed(request,
		    socket_stream_open(request->jump->base, outcome->fd));
		outcome->fd = -1;
	} else {
		request->fault = outcome->fault;
		jump_requests_fail(request);
	}
	dialer_close(request->dialer);
	request->dialer = NULL;
}

static void
dial_directly(struct jump_request *request)
{
	const struct dialer_setup setup = {
		.cfg = request->jump->cfg,
		.resolver = jump_box_resolver(request->jump->box),
		.mailbox = request->jump->mailbox,
		.done = on_dialled,
		.arg = request,
		.take_socket = -1,
	};

	request->opened_ms = clock_ms();
	jump_requests_move(request, REQUEST_OPENING);
	request->dialer = dialer_database(&setup, request->connection);
}

/*
 * The stages of a dial have limits of their own, so this runs only when the
 * request had little time left.
 */
static void
time_out_dialling(struct jump_request *request)
{
	dialer_close(request->dialer);
	request->dialer = NULL;
	fault_set(&request->fault, FAIL_DB_TIMEOUT, "%s",
	    clock_text(jump_requests_waited_ms(request)).text);
	fault_note(&request->fault, "no tunnel is configured");
	jump_requests_fail(request);
}

/* --- Requests ------------------------------------------------------------- */

static void
on_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct jump_request *request = arg;

	(void)fd, (void)what;
	if (request->state == REQUEST_DONE)
		return;
	if (request->dialer != NULL)
		time_out_dialling(request);
	else if (request->state == REQUEST_OPENING)
		time_out_opening(request);
	else
		time_out_waiting(request);
}

struct jump_request *
jump_request_open(struct jump *jump, const struct config_connection *connection,
    const struct originator *originator, int64_t deadline_ms, bool is_cancel,
    jump_answer_fn *answer, void *arg)
{
	struct jump_request *request = jump_requests_add(&jump->requests,
	    jump->base, is_cancel, on_timeout);

	request->jump = jump;
	request->connection = connection;
	request->originator = *originator;
	request->deadline_ms = deadline_ms;
	request->answer = answer;
	request->arg = arg;
	jump_requests_arm_timer(request, deadline_ms);
	if (jump->pool != NULL)
		pool_expect(jump->pool, connection);
	else
		dial_directly(request);
	return request;
}

void
jump_request_drop(struct jump_request *request)
{
	if (request == NULL)
		return;
	if (request->dialer != NULL)
		dialer_close(request->dialer);
	else if (request->state == REQUEST_OPENING)
		pool_abandon(request->jump->pool, request);
	stream_close(request->stream, true);
	jump_requests_remove(request);
}

/* --- Turns ---------------------------------------------------------------- */

static void
collect_opened(struct jump *jump)
{
	struct ssh_opened opened;
	void *user;

	while (pool_take_opened(jump->pool, &user, &opened)) {
		if (user != NULL)
			finish_open(user, &opened);
		else
			stream_close(opened.stream, true);
	}
}

static void
ask_for_all(struct jump *jump)
{
	struct jump_walk walk = jump_queue_walk(&jump->requests.waiting);
	const struct config_connection *behind = NULL;
	struct jump_place *place;

	while (
	    (place = jump_queue_next(&jump->requests.waiting, &walk)) != NULL) {
		if (jump_requests_at(place)->connection == behind)
			continue;
		if (!ask_pool(jump_requests_at(place), &behind))
			break;
	}
}

/* The receiver may drop other requests, so each step reads the list anew. */
static void
give_answers(struct jump *jump)
{
	struct jump_place *place;

	while ((place = TAILQ_FIRST(&jump->requests.done)) != NULL) {
		struct jump_request *request = jump_requests_at(place);
		jump_answer_fn *answer = request->answer;
		struct stream *stream = request->stream;
		struct fault fault = request->fault;
		void *arg = request->arg;

		jump_requests_remove(request);
		answer(arg, stream, stream != NULL ? NULL : &fault);
	}
}

static void
arm_tick(struct jump *jump)
{
	struct timeval wait = clock_timeval(TICK_MS);

	if (!jump_queue_is_empty(&jump->requests.waiting) &&
	    !event_pending(jump->tick, EV_TIMEOUT, NULL))
		event_add(jump->tick, &wait);
}

static void
set_gauge(struct jump *jump)
{
	struct pool_state state;

	pool_look(jump->pool, &state);
	jump_gauge_set(&jump->gauge, state.live_links, state.channels,
	    state.rtt_us);
}

void
jump_turn(struct jump *jump)
{
	if (jump->is_leaving && jump->pool != NULL)
		pool_leave(jump->pool, jump_requests_are_none(&jump->requests));
	if (jump->pool != NULL) {
		pool_pump(jump->pool);
		collect_opened(jump);
		ask_for_all(jump);
	}
	give_answers(jump);
	arm_tick(jump);
	if (jump->pool != NULL) {
		pool_flush(jump->pool);
		set_gauge(jump);
	}
}

/* It has waited for a quarter of its time, or of what an open may take. */
static bool
has_waited_long(const struct jump_request *request)
{
	int64_t given_ms = request->deadline_ms - request->asked_ms;
	int64_t open_ms = request->jump->cfg->open_timeout_ms;

	return jump_requests_waited_ms(request) >=
	    clock_earlier(given_ms, open_ms) / 4;
}

/*
 * When the time of a request runs out, pgjump must know whether the tunnel was
 * alive.  So ask for a sign of life on behalf of those that have waited long.
 * The turn that follows does the rest.
 */
static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct jump *jump = arg;
	struct jump_walk walk = jump_queue_walk(&jump->requests.waiting);
	struct jump_place *place;
	int64_t since_ms = 0;

	(void)fd, (void)what;
	while (
	    (place = jump_queue_next(&jump->requests.waiting, &walk)) != NULL) {
		const struct jump_request *request = jump_requests_at(place);

		if (has_waited_long(request) && request->asked_ms >= since_ms)
			since_ms = request->asked_ms + 1;
	}
	if (since_ms > 0 && jump->pool != NULL)
		pool_probe(jump->pool, since_ms);
}

/* --- For an inner jump box ------------------------------------------------ */

/*
 * In the log of the outer jump box, pgjump itself comes from here: the session
 * belongs to no client.
 */
static const struct originator ourselves = { .host = "127.0.0.1" };

/* The turn of this jump box may be over: let another one follow. */
static struct jump_request *
ask_for_inner(struct jump *outer, const struct config_connection *target,
    int64_t deadline_ms, jump_answer_fn *answer, void *arg)
{
	event_active(outer->tick, EV_TIMEOUT, 0);
	return jump_request_open(outer, target, &ourselves, deadline_ms, false,
	    answer, arg);
}

static void
blame_wait(const struct jump_request *request, struct fault *fault)
{
	const struct jump_wait wait = wait_of(request);

	if (request->state != REQUEST_WAITING)
		return;
	jump_blame_waiting(fault, request->jump->pool, &wait);
	jump_fault_name(fault, request->connection);
}

static bool
is_up(const struct jump *outer)
{
	return pool_is_up(outer->pool);
}

/* --- Life ----------------------------------------------------------------- */

struct jump *
jump_open(struct event_base *base, struct config *cfg,
    const struct config_jump *settings, struct jump_box *box,
    struct mailbox *of_worker, struct jump *outer)
{
	struct jump *jump = xcalloc(1, sizeof *jump);

	jump->base = base;
	jump->cfg = cfg;
	jump->box = box;
	jump->mailbox = of_worker;
	jump_requests_init(&jump->requests);
	jump->tick = loop_event(base, -1, 0, on_tick, jump);
	jump->way = (struct jump_way){
		.outer = outer,
		.ask = ask_for_inner,
		.drop = jump_request_drop,
		.blame = blame_wait,
		.is_up = is_up,
	};
	if (settings != NULL)
		jump->pool = pool_open(base, cfg, settings, box, of_worker,
		    outer != NULL ? &jump->way : NULL);
	jump_box_join(box, &jump->gauge);
	return jump;
}

void
jump_renew(struct jump *jump, struct config *cfg,
    const struct config_jump *settings)
{
	assert((settings != NULL) == (jump->pool != NULL));
	jump->cfg = cfg;
	if (jump->pool != NULL)
		pool_renew(jump->pool, cfg, settings);
}

void
jump_leave(struct jump *jump)
{
	jump->is_leaving = true;
}

bool
jump_is_over(const struct jump *jump)
{
	return jump->is_leaving && jump_requests_are_none(&jump->requests) &&
	    (jump->pool == NULL || pool_is_empty(jump->pool));
}

void
jump_close(struct jump *jump)
{
	if (jump == NULL)
		return;
	assert(jump_requests_are_none(&jump->requests));
	jump_box_leave(jump->box, &jump->gauge);
	if (jump->pool != NULL)
		pool_close(jump->pool);
	event_free(jump->tick);
	free(jump);
}
