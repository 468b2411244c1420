/* SPDX-License-Identifier: PostgreSQL */

/*
 * A list of dialers, and the timer of the next try.  The dial of a jump box
 * behind another one begins with a transit through that one.
 */
#include "jump/pool_dials.h"

#include <event2/event.h>

#include <stdlib.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/loop.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/hops.h"
#include "jump/box.h"
#include "jump/dialer.h"
#include "jump/news.h"
#include "jump/transit.h"
#include "jump/way.h"

/*
 * While a try is put off, its credential files are looked at this often: the
 * rate that jump_box_look_at_files() allows.
 */
#define FILES_LOOK_MS 1000

struct pending {
	TAILQ_ENTRY(pending) entry;
	struct pool_dials *dials;
	struct dialer *dialer;   /* NULL: its transit is not open yet */
	struct transit *transit; /* NULL: reached from this machine */
	int64_t started_ms;
};

struct pool_dials {
	struct pool_dials_setup setup;
	TAILQ_HEAD(, pending) pending;
	size_t count;
	struct event *retry; /* the next try, or a look at the files */
	int64_t due_ms;      /* when, while it is pending */
};

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct pool_dials *dials = arg;

	(void)fd, (void)what;
	jump_box_look_at_files(dials->setup.box);
	dials->setup.on_chance(dials->setup.arg);
}

static void
on_news(void *arg)
{
	struct pool_dials *dials = arg;

	dials->setup.on_chance(dials->setup.arg);
}

static bool
is_outer_up(const struct pool_dials *dials)
{
	const struct jump_way *way = dials->setup.way;

	return way == NULL || way->is_up(way->outer);
}

/* A dial of the outer jump box has ended, of whichever worker. */
static void
on_outer_news(void *arg)
{
	struct pool_dials *dials = arg;

	if (!is_outer_up(dials))
		return;
	jump_box_outer_is_up(dials->setup.box);
	dials->setup.on_chance(dials->setup.arg);
}

static struct jump_news *
news_of_outer(const struct pool_dials *dials)
{
	return jump_box_news(jump_box_outer(dials->setup.box));
}

struct pool_dials *
pool_dials_open(const struct pool_dials_setup *setup)
{
	struct pool_dials *dials = xcalloc(1, sizeof *dials);

	dials->setup = *setup;
	TAILQ_INIT(&dials->pending);
	dials->retry = loop_event(setup->base, -1, 0, on_retry, dials);
	jump_news_watch(jump_box_news(setup->box), setup->mailbox, on_news,
	    dials);
	if (setup->way != NULL)
		jump_news_watch(news_of_outer(dials), setup->mailbox,
		    on_outer_news, dials);
	return dials;
}

/* Returns the transit, which is the caller's. */
static struct transit *
end(struct pending *pending)
{
	struct transit *transit = pending->transit;

	TAILQ_REMOVE(&pending->dials->pending, pending, entry);
	pending->dials->count--;
	dialer_close(pending->dialer);
	free(pending);
	return transit;
}

static void
end_all(struct pool_dials *dials)
{
	const struct fault cancelled = { .code = FAIL_SHUTDOWN };
	struct pending *pending;

	while ((pending = TAILQ_FIRST(&dials->pending)) != NULL) {
		transit_close(end(pending));
		jump_box_dialled(dials->setup.box, &cancelled);
	}
}

void
pool_dials_close(struct pool_dials *dials)
{
	struct pending *pending;

	jump_news_unwatch(jump_box_news(dials->setup.box), dials);
	if (dials->setup.way != NULL)
		jump_news_unwatch(news_of_outer(dials), dials);
	TAILQ_FOREACH(pending, &dials->pending, entry)
		if (pending->dialer != NULL)
			dialer_cancel(pending->dialer);
	end_all(dials);
	event_free(dials->retry);
	free(dials);
}

void
pool_dials_renew(struct pool_dials *dials, struct config *cfg,
    const struct config_jump *jump)
{
	dials->setup.cfg = cfg;
	dials->setup.jump = jump;
}

void
pool_dials_cancel(struct pool_dials *dials)
{
	const struct fault cancelled = { .code = FAIL_SHUTDOWN };
	struct pending *pending, *next;

	event_del(dials->retry);
	for (pending = TAILQ_FIRST(&dials->pending); pending != NULL;
	     pending = next) {
		next = TAILQ_NEXT(pending, entry);
		if (pending->dialer != NULL) {
			dialer_cancel(pending->dialer);
			continue;
		}
		transit_close(end(pending));
		jump_box_dialled(dials->setup.box, &cancelled);
	}
}

/* Report the end of a dial, and hand over what came of it. */
static void
conclude(struct pending *pending, const struct fault *fault,
    struct ssh_transport *take)
{
	struct pool_dials *dials = pending->dials;
	struct transit *transit;

	if (fault->code != FAIL_SHUTDOWN)
		jump_box_took(dials->setup.box,
		    clock_ms() - pending->started_ms);
	jump_box_dialled(dials->setup.box, fault);
	transit = end(pending);
	if (take == NULL) {
		transit_close(transit);
		transit = NULL;
	}
	dials->setup.on_dialled(dials->setup.arg, take, transit);
}

/* Where the outer jump box broke, that is the cause, whatever the dial saw. */
static void
on_done(void *arg, struct dialer_outcome *outcome)
{
	struct pending *pending = arg;
	struct ssh_transport *transport = outcome->transport;
	struct fault fault = { 0 };

	outcome->transport = NULL;
	if (transport == NULL && pending->transit != NULL &&
	    outcome->fault.code != FAIL_SHUTDOWN)
		fault_adopt(&fault, transit_cause(pending->transit));
	if (fault.code == FAIL_NONE)
		fault = outcome->fault;
	conclude(pending, &fault, transport);
}

static void
dial(struct pending *pending, int take_socket)
{
	struct pool_dials *dials = pending->dials;
	const struct dialer_setup setup = {
		.cfg = dials->setup.cfg,
		.resolver = jump_box_resolver(dials->setup.box),
		.mailbox = dials->setup.mailbox,
		.done = on_done,
		.arg = pending,
		.on_stage = jump_box_enter,
		.stage_arg = dials->setup.box,
		.take_socket = take_socket,
		.reached_ms = clock_ms() - pending->started_ms,
	};

	pending->dialer = dialer_jump(&setup, dials->setup.jump);
}

static void
on_transit(void *arg, int take_fd)
{
	struct pending *pending = arg;

	if (take_fd >= 0)
		dial(pending, take_fd);
	else
		conclude(pending, transit_cause(pending->transit), NULL);
}

/* The outer jump boxes may have to be dialled before. */
static int64_t
transit_limit_ms(const struct pool_dials *dials)
{
	const struct config *cfg = dials->setup.cfg;
	int64_t dial_ms = cfg->resolve_timeout_ms + cfg->connect_timeout_ms +
	    cfg->handshake_timeout_ms + cfg->auth_timeout_ms;

	return cfg->open_timeout_ms +
	    dial_ms * config_hops_count(dials->setup.jump->via);
}

static void
start(struct pool_dials *dials)
{
	struct pending *pending = xcalloc(1, sizeof *pending);

	pending->dials = dials;
	pending->started_ms = clock_ms();
	TAILQ_INSERT_TAIL(&dials->pending, pending, entry);
	dials->count++;
	if (dials->setup.way == NULL)
		dial(pending, -1);
	else
		pending->transit = transit_open(&(struct transit_setup){
		    .base = dials->setup.base,
		    .cfg = dials->setup.cfg,
		    .way = dials->setup.way,
		    .inner = dials->setup.jump,
		    .deadline_ms = pending->started_ms +
			transit_limit_ms(dials),
		    .on_open = on_transit,
		    .arg = pending,
		});
}

/* Clients that keep asking must not put it off. */
static void
sleep_until(struct pool_dials *dials, int64_t retry_ms)
{
	int64_t now_ms = clock_ms();
	int64_t due_ms = clock_earlier(retry_ms, now_ms + FILES_LOOK_MS);
	struct timeval wait = clock_timeval(due_ms - now_ms);

	if (event_pending(dials->retry, EV_TIMEOUT, NULL) &&
	    dials->due_ms <= due_ms)
		return;
	dials->due_ms = due_ms;
	event_add(dials->retry, &wait);
}

bool
pool_dials_start(struct pool_dials *dials, bool has_client)
{
	int64_t retry_ms;

	if (!has_client && !is_outer_up(dials))
		return false; /* on_outer_news() follows */
	switch (jump_box_ask(dials->setup.box, has_client, &retry_ms)) {
	case JUMP_PERMIT_DIAL:
		start(dials);
		return true;
	case JUMP_PERMIT_BUSY:
		return true; /* on_news() follows */
	case JUMP_PERMIT_LATER:
		sleep_until(dials, retry_ms);
		break;
	case JUMP_PERMIT_REST:
		break;
	}
	return false;
}

void
pool_dials_blame(const struct pool_dials *dials, struct fault *fault)
{
	const struct pending *pending = TAILQ_FIRST(&dials->pending);

	if (pending != NULL && pending->transit != NULL)
		transit_blame(pending->transit, fault);
}

size_t
pool_dials_count(const struct pool_dials *dials)
{
	return dials->count;
}
