/* SPDX-License-Identifier: PostgreSQL */

/*
 * A list of dialers.  When to dial is the pool's business.
 */
#include "jump/pool_dials.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/fault.h"
#include "base/xmalloc.h"
#include "jump/box.h"
#include "jump/dialer.h"

struct pending {
	TAILQ_ENTRY(pending) entry;
	struct pool_dials *dials;
	struct dialer *dialer;
};

struct pool_dials {
	struct pool_dials_setup setup;
	TAILQ_HEAD(, pending) pending;
	size_t count;
};

struct pool_dials *
pool_dials_open(const struct pool_dials_setup *setup)
{
	struct pool_dials *dials = xcalloc(1, sizeof *dials);

	dials->setup = *setup;
	TAILQ_INIT(&dials->pending);
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

	TAILQ_FOREACH(pending, &dials->pending, entry)
		dialer_cancel(pending->dialer);
	while ((pending = TAILQ_FIRST(&dials->pending)) != NULL) {
		end(pending);
		jump_box_dialled(dials->setup.box, &cancelled);
	}
	free(dials);
}

static void
on_done(void *arg, struct dialer_outcome *outcome)
{
	struct pending *pending = arg;
	struct pool_dials *dials = pending->dials;
	struct ssh_transport *transport = outcome->transport;

	outcome->transport = NULL;
	jump_box_dialled(dials->setup.box, &outcome->fault);
	end(pending);
	dials->setup.on_dialled(dials->setup.arg, transport);
}

void
pool_dials_start(struct pool_dials *dials)
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
	TAILQ_INSERT_TAIL(&dials->pending, pending, entry);
	dials->count++;
	pending->dialer = dialer_jump(&setup,
	    jump_box_config(dials->setup.box));
}

size_t
pool_dials_count(const struct pool_dials *dials)
{
	return dials->count;
}
