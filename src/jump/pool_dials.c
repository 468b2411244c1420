/* SPDX-License-Identifier: PostgreSQL */

/*
 * A list of dialers, and the timer of the next try.
 */
#include "jump/pool_dials.h"

#include <event2/event.h>

#include <stdlib.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/loop.h"
#include "base/xmalloc.h"
#include "jump/box.h"
#include "jump/dialer.h"
#include "jump/news.h"

/*
 * While a try is put off, its credential files are looked at this often: the
 * rate that jump_box_look_at_files() allows.
 */
#define FILES_LOOK_MS 1000

struct pending {
	TAILQ_ENTRY(pending) entry;
	struct pool_dials *dials;
	struct dialer *dialer;
	int64_t start_ms;
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

struct pool_dials *
pool_dials_open(const struct pool_dials_setup *setup)
{
	struct pool_dials *dials = xcalloc(1, sizeof *dials);

	dials->setup = *setup;
	TAILQ_INIT(&dials->pending);
	dials->retry = loop_event(setup->base, -1, 0, on_retry, dials);
	jump_news_watch(jump_box_news(setup->box), setup->mailbox, on_news,
	    dials);
	return dials;
}

static void
end(struct pending *pending)
{
	TAILQ_REMOVE(&pending->dials->pending, pending, entry);
	pending->dials->count--;
	dialer_close(pending->dialer);
	free(pending);
}

void
pool_dials_close(struct pool_dials *dials)
{
	const struct fault cancelled = { .code = FAIL_SHUTDOWN };
	struct pending *pending;

	jump_news_unwatch(jump_box_news(dials->setup.box), dials);
	TAILQ_FOREACH(pending, &dials->pending, entry)
		dialer_cancel(pending->dialer);
	while ((pending = TAILQ_FIRST(&dials->pending)) != NULL) {
		end(pending);
		jump_box_dialled(dials->setup.box, &cancelled);
	}
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
	struct pending *pending;

	event_del(dials->retry);
	TAILQ_FOREACH(pending, &dials->pending, entry)
		dialer_cancel(pending->dialer);
}

static void
on_done(void *arg, struct dialer_outcome *outcome)
{
	struct pending *pending = arg;
	struct pool_dials *dials = pending->dials;
	struct ssh_transport *transport = outcome->transport;

	outcome->transport = NULL;
	if (outcome->fault.code != FAIL_SHUTDOWN)
		jump_box_took(dials->setup.box, clock_ms() - pending->start_ms);
	jump_box_dialled(dials->setup.box, &outcome->fault);
	end(pending);
	dials->setup.on_dialled(dials->setup.arg, transport);
}

static void
start(struct pool_dials *dials)
{
	struct pending *pending = xcalloc(1, sizeof *pending);
	const struct dialer_setup setup = {
		.cfg = dials->setup.cfg,
		.resolver = jump_box_resolver(dials->setup.box),
		.mailbox = dials->setup.mailbox,
		.done = on_done,
		.arg = pending,
		.on_stage = jump_box_enter,
		.stage_arg = dials->setup.box,
	};

	pending->dials = dials;
	pending->start_ms = clock_ms();
	TAILQ_INSERT_TAIL(&dials->pending, pending, entry);
	dials->count++;
	pending->dialer = dialer_jump(&setup, dials->setup.jump);
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

size_t
pool_dials_count(const struct pool_dials *dials)
{
	return dials->count;
}
