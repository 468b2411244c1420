/* SPDX-License-Identifier: PostgreSQL */

#include "base/loop.h"

#include <event2/event.h>

#include <stddef.h>

#include "base/xmalloc.h"

struct event *
loop_event(struct event_base *base, int fd, short what,
    void (*callback)(int fd, short what, void *arg), void *arg)
{
	struct event *event = event_new(base, fd, what, callback, arg);

	if (event == NULL)
		xmalloc_fail(0);
	return event;
}
