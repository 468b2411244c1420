/* SPDX-License-Identifier: PostgreSQL */

/*
 * A turn is that of a worker: first the events, then pump and flush the link.
 * We blame an unanswered forward as jump/pool.c does: on the database only if
 * the jump box was heard meanwhile.
 */
#include "check/route.h"

#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/socket_stream.h"
#include "base/stream.h"
#include "base/xmalloc.h"
#include "check/carrier.h"
#include "config/config.h"
#include "config/hops.h"
#include "jump/fault.h"
#include "ssh/dial.h"
#include "ssh/link.h"
#include "ssh/slot.h"

/* Longer than a round trip to anywhere takes.  A jump box may ignore a ping,
 * and if the link is dead, the open that follows will fail. */
#define PING_MAX_MS 1000

struct check_route {
	const struct check_task *task;
	struct event_base *base;
	struct event *cancel, *timer;
	bool is_cancelled;
	struct ssh_link *link;       /* NULL: none yet, or no tunnel */
	struct check_carrier *outer; /* NULL: reached from this machine */
};

static void
on_cancel(evutil_socket_t fd, short what, void *arg)
{
	struct check_route *route = arg;

	(void)fd, (void)what;
	route->is_cancelled = true;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}

/* This only ends the turn, whose caller then looks for what has happened. */
static void
on_ready(void *arg)
{
	(void)arg;
}

struct check_route *
check_route_new(const struct check_task *task)
{
	struct check_route *route = xcalloc(1, sizeof *route);

	route->task = task;
	route->base = event_base_new();
	assert(route->base != NULL);
	route->cancel = loop_event(route->base, task->cancel_fd,
	    EV_READ | EV_PERSIST, on_cancel, route);
	route->timer = loop_event(route->base, -1, 0, on_timer, NULL);
	event_add(route->cancel, NULL);
	return route;
}

void
check_route_free(struct check_route *route)
{
	struct ssh_link *link;
	struct event_base *base;

	if (route == NULL)
		return;
	base = check_route_release(route, &link);
	ssh_link_free(link);
	event_base_free(base);
}

struct event_base *
check_route_release(struct check_route *take, struct ssh_link **link)
{
	struct event_base *base = take->base;

	*link = take->link;
	if (*link != NULL && ssh_link_is_closed(*link)) {
		ssh_link_free(*link);
		*link = NULL;
	}
	event_free(take->cancel);
	event_free(take->timer);
	free(take);
	return base;
}

void
check_route_put_behind(struct check_route *route, struct check_carrier *outer)
{
	route->outer = outer;
}

struct event_base *
check_route_base(const struct check_route *route)
{
	return route->base;
}

int64_t
check_route_task_by_ms(const struct check_task *task, int64_t allowed_ms)
{
	int64_t by_ms = clock_ms() + allowed_ms;

	return task->deadline_ms == 0 || by_ms < task->deadline_ms
	    ? by_ms
	    : task->deadline_ms;
}

/* The end of an outer link explains that of ours, so it must be known first. */
static void
hear_of_outer(struct check_route *route)
{
	struct fault cause;

	if (route->outer != NULL &&
	    check_carrier_is_broken(route->outer, &cause))
		ssh_link_carrier_ended(route->link, &cause);
}

static void
run_loop(struct check_route *route, int64_t by_ms)
{
	struct timeval wait = clock_timeval(by_ms - clock_ms());

	if (route->link != NULL)
		ssh_link_flush(route->link);
	event_add(route->timer, &wait);
	event_base_loop(route->base, EVLOOP_ONCE);
	if (route->link == NULL)
		return;
	hear_of_outer(route);
	ssh_link_pump(route->link);
	ssh_link_flush(route->link);
}

enum check_turn
check_route_turn(struct check_route *route, int64_t by_ms)
{
	if (clock_ms() >= by_ms)
		return CHECK_TURN_TIMEOUT;
	run_loop(route, by_ms);
	return route->is_cancelled ? CHECK_TURN_CANCELLED : CHECK_TURN_GO;
}

/* Measure the round trip by a ping: an open also waits for the database. */
static void
ping(struct check_route *route)
{
	int64_t by_ms = check_route_task_by_ms(route->task, PING_MAX_MS);

	ssh_link_measure(route->link);
	while (!ssh_link_has_slot(route->link) &&
	    !ssh_link_is_closed(route->link) &&
	    check_route_turn(route, by_ms) == CHECK_TURN_GO)
		;
}

enum failure
check_route_dial(struct check_route *route, const struct dial *dial,
    struct fault *fault)
{
	const struct config_jump *jump = route->task->connection->jump;
	struct dial through = *dial;
	struct ssh_transport *transport;
	struct fault cause;

	if (route->outer != NULL) {
		through.reach = check_carrier_reach;
		through.reach_arg = route->outer;
	}
	if (dial_jump(&through, jump, &transport, fault) != FAIL_NONE) {
		if (route->outer != NULL &&
		    check_carrier_is_broken(route->outer, &cause))
			*fault = cause;
		return fault->code;
	}
	ssh_link_free(route->link);
	route->link = ssh_link_new(route->base, route->task->cfg, jump,
	    transport);
	ping(route);
	return FAIL_NONE;
}

bool
check_route_is_free(const struct check_route *route)
{
	return route->link != NULL && !ssh_link_is_closed(route->link) &&
	    !ssh_link_is_opening(route->link);
}

static struct ssh_target
target_of(const struct check_route *route)
{
	const struct config_connection *connection = route->task->connection;
	bool is_socket = connection->host_kind == CONFIG_HOST_SOCKET;

	return (struct ssh_target){
		.host = is_socket ? connection->label : connection->host,
		.port = connection->port,
		.is_socket = is_socket,
		.originator_host = "127.0.0.1",
	};
}

static enum failure
fail_cancelled(struct fault *fault)
{
	return fault_set_code(fault, FAIL_SHUTDOWN);
}

static enum failure
fail_broken(const struct check_route *route, struct fault *fault)
{
	jump_fault_broken(fault, route->task->connection->jump,
	    ssh_link_fault(route->link));
	return fault->code;
}

static const struct config_jump *
silent_outer(const struct check_route *route)
{
	return route->outer != NULL ? check_carrier_silent_jump(route->outer)
				    : NULL;
}

static enum failure
fail_silent(const struct check_route *route, struct fault *fault)
{
	const struct config_jump *outer = silent_outer(route);

	config_hops_name(outer != NULL ? outer : route->task->connection->jump,
	    fault);
	jump_fault_silent(fault, NULL,
	    clock_ms() - ssh_link_heard_ms(route->link));
	return fault->code;
}

void
check_route_name_silent(struct check_route *route, struct fault *fault)
{
	const struct config_jump *outer = silent_outer(route);

	if (outer != NULL)
		config_hops_name(outer, fault);
}

const struct config_jump *
check_route_silent_jump(struct check_route *route)
{
	const struct config_jump *outer = silent_outer(route);
	int64_t since_ms = clock_ms();
	int64_t by_ms = check_route_task_by_ms(route->task, PING_MAX_MS);

	if (outer != NULL)
		return outer;
	ssh_link_probe(route->link, since_ms);
	while (!ssh_link_is_lost(route->link) &&
	    ssh_link_heard_ms(route->link) < since_ms)
		if (check_route_turn(route, by_ms) != CHECK_TURN_GO)
			return route->task->connection->jump;
	return NULL;
}

/*
 * Wait until the link can take an open: its slot may hold a ping.  A link that
 * was retired because nobody answers that ping is not broken, but silent.
 */
static enum failure
await_slot(struct check_route *route, int64_t by_ms, struct fault *fault)
{
	while (!ssh_link_has_slot(route->link)) {
		if (ssh_link_is_closed(route->link))
			return ssh_link_is_stuck(route->link)
			    ? fail_silent(route, fault)
			    : fail_broken(route, fault);
		switch (check_route_turn(route, by_ms)) {
		case CHECK_TURN_GO:
			break;
		case CHECK_TURN_TIMEOUT:
			return fail_silent(route, fault);
		case CHECK_TURN_CANCELLED:
			return fail_cancelled(fault);
		}
	}
	return FAIL_NONE;
}

static enum failure
fail_unanswered(struct check_route *route, int64_t asked_ms, int64_t overdue_ms,
    struct fault *fault)
{
	const char *jump = route->task->connection->jump->label;
	int64_t heard_ms = ssh_link_heard_ms(route->link);

	if (heard_ms >= overdue_ms)
		jump_fault_unanswered(fault, jump, clock_ms() - asked_ms,
		    false);
	else
		fail_silent(route, fault);
	return fault->code;
}

static enum failure
fail_open(struct check_route *route, const struct ssh_opened *opened,
    bool is_socket, struct fault *fault)
{
	if (opened->has_link_failed)
		return fail_broken(route, fault);
	jump_fault_refused(fault, route->task->connection->jump->label, opened,
	    is_socket);
	return fault->code;
}

static void
listen_to(struct check_opened *out, struct stream *stream)
{
	out->stream = stream;
	stream_listen(stream, on_ready, NULL);
}

enum failure
check_route_open(struct check_route *route, const struct ssh_target *target,
    int64_t by_ms, struct check_opened *out, struct fault *fault)
{
	int64_t asked_ms, overdue_ms;
	struct ssh_opened opened;

	memset(out, 0, sizeof *out);
	if (await_slot(route, by_ms, fault) != FAIL_NONE)
		return fault->code;
	out->was_asked = true;
	asked_ms = clock_ms();
	overdue_ms = asked_ms + (by_ms - asked_ms) / 4;
	ssh_link_open(route->link, target, overdue_ms);
	while (!ssh_link_take_opened(route->link, &opened)) {
		enum check_turn turn = check_route_turn(route, by_ms);

		if (turn == CHECK_TURN_GO)
			continue;
		out->elapsed_ms = clock_ms() - asked_ms;
		if (turn == CHECK_TURN_TIMEOUT)
			fail_unanswered(route, asked_ms, overdue_ms, fault);
		ssh_link_abandon(route->link);
		return turn == CHECK_TURN_TIMEOUT ? fault->code
						  : fail_cancelled(fault);
	}
	out->was_answered = true;
	out->elapsed_ms = opened.elapsed_ms;
	out->rtt_us = opened.rtt_us;
	memcpy(out->words, opened.words, sizeof out->words);
	if (opened.stream == NULL)
		return fail_open(route, &opened, target->is_socket, fault);
	listen_to(out, opened.stream);
	return FAIL_NONE;
}

static enum failure
open_directly(struct check_route *route, const struct dial *dial,
    struct check_opened *out, struct fault *fault)
{
	int64_t started_ms = clock_ms();
	enum failure code;
	int fd;

	memset(out, 0, sizeof *out);
	code = dial_database(dial, route->task->connection, &fd, fault);
	out->elapsed_ms = clock_ms() - started_ms;
	if (code == FAIL_NONE)
		listen_to(out, socket_stream_open(route->base, fd));
	return code;
}

/* Take a fresh link in place of the present one, if that can be had. */
static bool
dial_again(struct check_route *route, const struct dial *dial)
{
	struct dial silent = *dial;
	struct fault cause = { 0 };

	silent.on_stage = NULL;
	silent.facts = NULL;
	return check_route_dial(route, &silent, &cause) == FAIL_NONE;
}

/*
 * While sshd resolves a name, and while some other servers connect, the whole
 * session is silent.  As in jump/pool.c, a second link then tells whether the
 * jump box is alive.
 */
static void
doubt_target(struct check_route *route, const struct dial *dial,
    const struct check_opened *opened, struct fault *fault)
{
	const struct config_connection *connection = route->task->connection;

	if (fault->code != FAIL_TUNNEL_SILENT || opened->was_answered ||
	    !(connection->host_kind == CONFIG_HOST_NAME ||
		ssh_link_may_stall(route->link)) ||
	    !dial_again(route, dial))
		return;
	memset(fault, 0, sizeof *fault);
	jump_fault_unanswered(fault, connection->jump->label,
	    opened->elapsed_ms, true);
}

/* Ask the jump box for the database through the present link. */
static void
ask_for_database(struct check_route *route, struct check_opened *out,
    struct fault *fault)
{
	const struct check_task *task = route->task;
	struct ssh_target target = target_of(route);

	check_route_open(route, &target,
	    check_route_task_by_ms(task, task->cfg->open_timeout_ms), out,
	    fault);
}

/* A link on which nothing could be asked is replaced once, as in the pool. */
enum failure
check_route_database(struct check_route *route, const struct dial *dial,
    struct check_opened *out, struct fault *fault)
{
	if (route->task->connection->jump == NULL)
		return open_directly(route, dial, out, fault);
	ask_for_database(route, out, fault);
	if (fault->code == FAIL_TUNNEL_SILENT && !out->was_asked &&
	    dial_again(route, dial)) {
		memset(fault, 0, sizeof *fault);
		ask_for_database(route, out, fault);
	}
	if (out->was_asked)
		doubt_target(route, dial, out, fault);
	return fault->code;
}
