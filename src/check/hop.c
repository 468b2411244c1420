/* SPDX-License-Identifier: PostgreSQL */

/*
 * A route to the SSH server of the next hop, as if that were a database: what
 * it asks of its link, and how it blames, is the same.
 */
#include "check/hop.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/stream.h"
#include "base/xmalloc.h"
#include "check/carrier.h"
#include "check/route.h"
#include "config/config.h"
#include "config/hops.h"
#include "jump/bridge.h"
#include "jump/fault.h"
#include "ssh/dial.h"

/* A turn ends earlier whenever something happens. */
#define TURN_MS 60000

struct crossing {
	SLIST_ENTRY(crossing) entry;
	struct bridge *bridge;
};

struct check_hop {
	struct check_task
	    task; /* as the walk's, to the next hop's SSH server */
	struct config_connection target;
	const struct config_jump *inner;
	struct dial silent; /* to dial again */
	struct check_route *route;
	struct mailbox *mailbox;
	struct check_carrier carrier;
	SLIST_HEAD(, crossing) crossings;
	bool is_called, is_stopped;
	bool has_thread;
	pthread_t thread;
};

/* --- Its thread ----------------------------------------------------------- */

static void
on_call(struct message *message, void *receiver)
{
	struct check_hop *hop = receiver;

	(void)message;
	hop->is_called = true;
}

static void
on_stop(struct message *message, void *receiver)
{
	struct check_hop *hop = receiver;

	hop->is_stopped = true;
	free(message);
}

static void
on_stop_discard(struct message *message)
{
	free(message);
}

static void
on_bridge_end(void *arg, const struct fault *cause)
{
	struct check_hop *hop = arg;
	struct fault fault = *cause;

	jump_fault_name(&fault, &hop->target);
	check_carrier_break(&hop->carrier, &fault);
}

static void
free_crossing(struct check_hop *hop, struct crossing *crossing)
{
	SLIST_REMOVE(&hop->crossings, crossing, crossing, entry);
	bridge_close(crossing->bridge);
	free(crossing);
}

static void
free_old_crossings(struct check_hop *hop)
{
	struct crossing *crossing, *next;

	for (crossing = SLIST_FIRST(&hop->crossings); crossing != NULL;
	     crossing = next) {
		next = SLIST_NEXT(crossing, entry);
		if (bridge_is_over(crossing->bridge))
			free_crossing(hop, crossing);
	}
}

/* The stream is the crossing's, or closed where the system refuses. */
static void
cross(struct check_hop *hop, struct stream *take)
{
	struct crossing *crossing = xcalloc(1, sizeof *crossing);

	crossing->bridge = bridge_open(check_route_base(hop->route), take,
	    on_bridge_end, hop, &hop->carrier.fd);
	if (crossing->bridge != NULL) {
		SLIST_INSERT_HEAD(&hop->crossings, crossing, entry);
		return;
	}
	fault_set(&hop->carrier.fault, FAIL_JUMP_UNREACHABLE,
	    "pgjump cannot make a socketpair: %s", strerror(errno));
	stream_close(take, true);
	free(crossing);
}

static void
serve_reach(struct check_hop *hop)
{
	struct check_opened opened;
	struct fault fault = { 0 };

	if (check_route_database(hop->route, &hop->silent, &opened, &fault) ==
	    FAIL_NONE) {
		fault_note(&hop->carrier.fault,
		    "connected through %s in %lld ms", hop->target.jump->label,
		    (long long)opened.elapsed_ms);
		cross(hop, opened.stream);
		return;
	}
	jump_fault_name(&fault, &hop->target);
	jump_fault_of_hop(&hop->carrier.fault, &fault, hop->inner);
}

static void
serve(struct check_hop *hop)
{
	switch (hop->carrier.call) {
	case CHECK_CALL_REACH:
		serve_reach(hop);
		break;
	case CHECK_CALL_LIFE:
		hop->carrier.silent = check_route_silent_jump(hop->route);
		break;
	case CHECK_CALL_NONE:
		break;
	}
	hop->is_called = false;
	check_carrier_answer(&hop->carrier);
}

static void *
run(void *arg)
{
	struct check_hop *hop = arg;

	while (!hop->is_stopped &&
	    check_route_turn(hop->route, clock_ms() + TURN_MS) !=
		CHECK_TURN_CANCELLED) {
		if (hop->is_called)
			serve(hop);
		free_old_crossings(hop);
	}
	check_carrier_end(&hop->carrier);
	return NULL;
}

/* --- Life ----------------------------------------------------------------- */

struct check_hop *
check_hop_new(const struct check_task *task, const struct config_jump *inner,
    struct check_carrier *outer)
{
	struct check_hop *hop = xcalloc(1, sizeof *hop);

	hop->target = (struct config_connection){
		.label = inner->label,
		.host = inner->host,
		.host_kind = config_host_kind(inner->host),
		.port = inner->port,
		.jump = inner->via,
	};
	hop->inner = inner;
	hop->task = *task;
	hop->task.connection = &hop->target;
	SLIST_INIT(&hop->crossings);
	hop->route = check_route_new(&hop->task);
	check_route_put_behind(hop->route, outer);
	hop->mailbox = mailbox_new(check_route_base(hop->route), hop);
	check_carrier_init(&hop->carrier, hop->mailbox, on_call);
	return hop;
}

struct check_carrier *
check_hop_carrier(struct check_hop *hop)
{
	return &hop->carrier;
}

enum failure
check_hop_dial(struct check_hop *hop, const struct dial *dial,
    struct fault *fault)
{
	hop->silent = *dial;
	hop->silent.on_stage = NULL;
	hop->silent.facts = NULL;
	if (check_route_dial(hop->route, dial, fault) != FAIL_NONE)
		return fault->code;
	hop->has_thread = pthread_create(&hop->thread, NULL, run, hop) == 0;
	if (!hop->has_thread)
		return fault_set(fault, FAIL_JUMP_UNREACHABLE,
		    "pgjump cannot start a thread");
	return FAIL_NONE;
}

static void
stop(struct check_hop *hop)
{
	struct message *message = xcalloc(1, sizeof *message);

	message->deliver = on_stop;
	message->discard = on_stop_discard;
	mailbox_post(hop->mailbox, message);
	pthread_join(hop->thread, NULL);
}

void
check_hop_free(struct check_hop *hop)
{
	if (hop == NULL)
		return;
	if (hop->has_thread)
		stop(hop);
	while (!SLIST_EMPTY(&hop->crossings))
		free_crossing(hop, SLIST_FIRST(&hop->crossings));
	mailbox_close(hop->mailbox);
	mailbox_unref(hop->mailbox);
	check_route_free(hop->route);
	check_carrier_clear(&hop->carrier);
	free(hop);
}
