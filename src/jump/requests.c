/* SPDX-License-Identifier: PostgreSQL */

/*
 * A request is in exactly one list, that of its state.
 */
#include "jump/requests.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/xmalloc.h"
#include "jump/fault.h"

void
jump_requests_init(struct jump_requests *all)
{
	jump_queue_init(&all->waiting);
	TAILQ_INIT(&all->opening);
	TAILQ_INIT(&all->done);
}

bool
jump_requests_are_none(const struct jump_requests *all)
{
	return jump_queue_is_empty(&all->waiting) &&
	    TAILQ_EMPTY(&all->opening) && TAILQ_EMPTY(&all->done);
}

static struct jump_places *
list_of(const struct jump_request *request)
{
	struct jump_requests *all = request->all;
	struct jump_places *lists[] = {
		[REQUEST_WAITING] = jump_queue_list(&all->waiting,
		    &request->place),
		[REQUEST_OPENING] = &all->opening,
		[REQUEST_DONE] = &all->done,
	};

	return lists[request->state];
}

struct jump_request *
jump_requests_add(struct jump_requests *all, struct event_base *base,
    bool is_cancel, void (*on_timeout)(int fd, short what, void *request))
{
	struct jump_request *request = xcalloc(1, sizeof *request);

	request->all = all;
	request->place.is_cancel = is_cancel;
	request->asked_ms = clock_ms();
	request->timer = loop_event(base, -1, 0, on_timeout, request);
	TAILQ_INSERT_TAIL(list_of(request), &request->place, entry);
	return request;
}

void
jump_requests_remove(struct jump_request *request)
{
	TAILQ_REMOVE(list_of(request), &request->place, entry);
	event_free(request->timer);
	free(request);
}

struct jump_request *
jump_requests_at(struct jump_place *place)
{
	return (struct jump_request *)place;
}

int64_t
jump_requests_waited_ms(const struct jump_request *request)
{
	return clock_ms() - request->asked_ms;
}

void
jump_requests_move(struct jump_request *request, enum request_state state)
{
	TAILQ_REMOVE(list_of(request), &request->place, entry);
	request->state = state;
	TAILQ_INSERT_TAIL(list_of(request), &request->place, entry);
}

void
jump_requests_arm_timer(struct jump_request *request, int64_t deadline_ms)
{
	struct timeval wait = clock_timeval(deadline_ms - clock_ms());

	event_add(request->timer, &wait);
}

void
jump_requests_succeed(struct jump_request *request, struct stream *take)
{
	request->stream = take;
	jump_requests_move(request, REQUEST_DONE);
}

void
jump_requests_fail(struct jump_request *request)
{
	jump_fault_name(&request->fault, request->connection);
	jump_requests_move(request, REQUEST_DONE);
}
