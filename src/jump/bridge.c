/* SPDX-License-Identifier: PostgreSQL */

/*
 * Two legs, each with the bytes that its far side has not taken yet.  The near
 * side is credited only for bytes that were taken, so that a slow inner jump
 * box holds up its own bytes and nothing else on the outer link.
 */
#include "jump/bridge.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/fault.h"
#include "base/loop.h"
#include "base/socket_stream.h"
#include "base/stream.h"
#include "base/xmalloc.h"

/* A few full SSH packets: each is 32 KB at most. */
#define LEG_SIZE ((size_t)64 << 10)
/* Bytes moved one way before others have their turn. */
#define TURN_BUDGET ((size_t)256 << 10)

/* Bytes one way. */
struct leg {
	struct stream **from, **to;
	char *bytes;        /* LEG_SIZE */
	size_t start, end;  /* of those that `to` has not taken */
	bool has_ended;     /* `from` has sent its last byte, or broke */
	bool has_told_that; /* `to` was told */
};

struct bridge {
	struct stream *outer, *near; /* near: our end of the socketpair */
	struct leg in, out;
	struct event *again;
	struct fault cause; /* why the outer stream broke */
	bridge_end_fn *on_end;
	void *arg;
};

/* The outer stream is closed at once: its link is freed without streams. */
static void
lose_outer(struct bridge *bridge)
{
	stream_fault(bridge->outer, &bridge->cause);
	stream_close(bridge->outer, true);
	bridge->outer = NULL;
	bridge->in.has_ended = true;
	bridge->on_end(bridge->arg, &bridge->cause);
}

static void
lose_near(struct bridge *bridge)
{
	stream_close(bridge->near, true);
	bridge->near = NULL;
	bridge->out.has_ended = true;
}

static void
lose(struct bridge *bridge, struct stream **stream)
{
	if (stream == &bridge->outer)
		lose_outer(bridge);
	else
		lose_near(bridge);
}

/* Returns whether it is worth going on. */
static bool
drain(struct bridge *bridge, struct leg *leg)
{
	ssize_t taken;

	if (*leg->to == NULL) {
		leg->start = leg->end = 0;
		return true;
	}
	taken = stream_write(*leg->to, leg->bytes + leg->start,
	    leg->end - leg->start);
	if (taken == STREAM_LOST)
		lose(bridge, leg->to);
	if (taken <= 0)
		return taken == STREAM_LOST;
	leg->start += (size_t)taken;
	if (*leg->from != NULL)
		stream_credit(*leg->from, (size_t)taken);
	return true;
}

static bool
fill(struct bridge *bridge, struct leg *leg)
{
	ssize_t got = stream_read(*leg->from, leg->bytes, LEG_SIZE);

	leg->start = 0;
	leg->end = got > 0 ? (size_t)got : 0;
	if (got == STREAM_END)
		leg->has_ended = true;
	if (got == STREAM_LOST)
		lose(bridge, leg->from);
	return got > 0;
}

static void
tell_end(struct leg *leg)
{
	if (!leg->has_ended || leg->has_told_that || leg->start < leg->end)
		return;
	leg->has_told_that = true;
	if (*leg->to != NULL)
		stream_finish(*leg->to);
}

/* Returns whether the budget was used up. */
static bool
move(struct bridge *bridge, struct leg *leg)
{
	size_t moved = 0;
	bool goes_on = true;

	while (goes_on && moved < TURN_BUDGET) {
		if (leg->start < leg->end) {
			moved += leg->end - leg->start;
			goes_on = drain(bridge, leg);
		} else {
			goes_on = !leg->has_ended && *leg->from != NULL &&
			    fill(bridge, leg);
		}
	}
	tell_end(leg);
	return goes_on;
}

static void
on_ready(void *arg)
{
	struct bridge *bridge = arg;
	bool is_unfinished = move(bridge, &bridge->in);

	if (move(bridge, &bridge->out) || is_unfinished)
		event_active(bridge->again, EV_TIMEOUT, 0);
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	on_ready(arg);
}

static void
leg_init(struct leg *leg, struct stream **from, struct stream **to)
{
	leg->from = from;
	leg->to = to;
	leg->bytes = xmalloc(LEG_SIZE);
}

struct bridge *
bridge_open(struct event_base *base, struct stream *take, bridge_end_fn *on_end,
    void *arg, int *fd_out)
{
	struct bridge *bridge;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return NULL;
	bridge = xcalloc(1, sizeof *bridge);
	bridge->outer = take;
	bridge->near = socket_stream_open(base, ends[0]);
	bridge->on_end = on_end;
	bridge->arg = arg;
	bridge->again = loop_event(base, -1, 0, on_again, bridge);
	leg_init(&bridge->in, &bridge->outer, &bridge->near);
	leg_init(&bridge->out, &bridge->near, &bridge->outer);
	stream_listen(bridge->outer, on_ready, bridge);
	stream_listen(bridge->near, on_ready, bridge);
	*fd_out = ends[1];
	return bridge;
}

void
bridge_close(struct bridge *bridge)
{
	if (bridge == NULL)
		return;
	stream_close(bridge->outer, true);
	stream_close(bridge->near, true);
	event_free(bridge->again);
	free(bridge->in.bytes);
	free(bridge->out.bytes);
	free(bridge);
}

struct stream *
bridge_carrier(const struct bridge *bridge)
{
	return bridge->outer;
}

bool
bridge_is_over(const struct bridge *bridge)
{
	return bridge->near == NULL ||
	    (bridge->in.has_told_that && bridge->out.has_ended);
}
