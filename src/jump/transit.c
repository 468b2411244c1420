/* SPDX-License-Identifier: PostgreSQL */

/*
 * A request to the outer jump box, and then a bridge.
 */
#include "jump/transit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/stream.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "jump/bridge.h"
#include "jump/fault.h"
#include "jump/way.h"

struct transit {
	struct transit_setup setup;
	struct config_connection target; /* the inner one's SSH server */
	struct jump_request *request;    /* NULL: it is answered */
	struct bridge *bridge;           /* NULL: it is not open */
	struct fault cause;
	void (*on_end)(void *arg, const struct fault *cause);
	void *end_arg;
};

static void
on_bridge_end(void *arg, const struct fault *cause)
{
	struct transit *transit = arg;

	fault_adopt(&transit->cause, cause);
	jump_fault_name(&transit->cause, &transit->target);
	if (transit->on_end != NULL)
		transit->on_end(transit->end_arg, &transit->cause);
}

/* Returns the socket, or -1. */
static int
build(struct transit *transit, struct stream *take)
{
	int fd = -1;

	transit->bridge = bridge_open(transit->setup.base, take, on_bridge_end,
	    transit, &fd);
	if (transit->bridge == NULL) {
		fault_set(&transit->cause, FAIL_JUMP_UNREACHABLE,
		    "pgjump cannot make a socketpair: %s", strerror(errno));
		stream_close(take, true);
	}
	return fd;
}

/* The receiver may close the transit in on_open(). */
static void
on_answer(void *arg, struct stream *take, const struct fault *fault)
{
	struct transit *transit = arg;

	transit->request = NULL;
	if (take == NULL)
		jump_fault_of_hop(&transit->cause, fault, transit->setup.inner);
	transit->setup.on_open(transit->setup.arg,
	    take != NULL ? build(transit, take) : -1);
}

struct transit *
transit_open(const struct transit_setup *setup)
{
	const struct config_jump *inner = setup->inner;
	struct transit *transit = xcalloc(1, sizeof *transit);

	transit->setup = *setup;
	config_ref(setup->cfg);
	transit->target = (struct config_connection){
		.label = inner->label,
		.host = inner->host,
		.host_kind = config_host_kind(inner->host),
		.port = inner->port,
		.jump = inner->via,
	};
	transit->request = setup->way->ask(setup->way->outer, &transit->target,
	    setup->deadline_ms, on_answer, transit);
	return transit;
}

void
transit_close(struct transit *transit)
{
	if (transit == NULL)
		return;
	if (transit->request != NULL)
		transit->setup.way->drop(transit->request);
	bridge_close(transit->bridge);
	config_unref(transit->setup.cfg);
	free(transit);
}

const struct fault *
transit_cause(const struct transit *transit)
{
	return &transit->cause;
}

void
transit_blame(const struct transit *transit, struct fault *fault)
{
	struct fault outer = { 0 };

	if (transit->request != NULL)
		transit->setup.way->blame(transit->request, &outer);
	if (outer.code != FAIL_NONE)
		jump_fault_of_hop(fault, &outer, transit->setup.inner);
}

struct stream *
transit_carrier(const struct transit *transit)
{
	return bridge_carrier(transit->bridge);
}

void
transit_watch(struct transit *transit,
    void (*on_end)(void *arg, const struct fault *cause), void *arg)
{
	transit->on_end = on_end;
	transit->end_arg = arg;
	if (transit_carrier(transit) == NULL)
		on_end(arg, &transit->cause);
}
