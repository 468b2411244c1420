/* SPDX-License-Identifier: PostgreSQL */

#include "command/upkeep.h"

#include <event2/event.h>
#include <malloc.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/xmalloc.h"

/* An operator who looks after a burst should see memory go back within a
 * minute; a trim takes milliseconds. */
#define TRIM_MS 30000

struct upkeep {
	struct event *trim, *counts;
};

static void
on_counts(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
	log_tell_counts();
}

/*
 * Give memory of a past burst back to the system: glibc keeps free pages
 * between blocks that are in use until it is told.
 */
static void
on_trim(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
	malloc_trim(0);
}

struct upkeep *
upkeep_open(struct event_base *base)
{
	struct upkeep *upkeep = xcalloc(1, sizeof *upkeep);
	struct timeval trim_every = clock_timeval(TRIM_MS);

	upkeep->trim = loop_event(base, -1, EV_PERSIST, on_trim, NULL);
	upkeep->counts = loop_event(base, log_watch_counts(),
	    EV_READ | EV_PERSIST, on_counts, NULL);
	event_add(upkeep->trim, &trim_every);
	event_add(upkeep->counts, NULL);
	return upkeep;
}

void
upkeep_close(struct upkeep *upkeep)
{
	event_free(upkeep->trim);
	event_free(upkeep->counts);
	log_unwatch_counts();
	free(upkeep);
}
