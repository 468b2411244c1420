/* SPDX-License-Identifier: PostgreSQL */

/*
 * One request for a stream as the queue sees it: it waits (for a link, or for
 * its turn), opens (a forward, or a dial without tunnel) or is done.  Private
 * to jump/jump.c.
 */
#ifndef PGJUMP_JUMP_REQUESTS_H
#define PGJUMP_JUMP_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/originator.h"
#include "jump/queue.h"

struct config_connection;
struct dialer;
struct event;
struct event_base;
struct jump;
struct stream;

enum request_state {
	REQUEST_WAITING,
	REQUEST_OPENING,
	REQUEST_DONE,
};

/* All requests of one jump, by state. */
struct jump_requests {
	struct jump_queue waiting;
	struct jump_places opening, done;
};

struct jump_request {
	struct jump_place place; /* first: see jump_requests_at() */
	struct jump *jump;
	struct jump_requests *all;
	enum request_state state;
	const struct config_connection *connection;
	struct originator originator;
	int64_t asked_ms, deadline_ms, opened_ms;
	unsigned tries;
	struct event *timer;   /* the deadline of the request or of its open */
	struct dialer *dialer; /* OPENING, without tunnel */
	/* Is a jump_answer_fn (jump/jump.h). */
	void (*answer)(void *arg, struct stream *take, const struct fault *);
	void *arg;
	struct stream *stream; /* DONE: the answer; NULL: it is the fault */
	struct fault fault;
};

void jump_requests_init(struct jump_requests *);
bool jump_requests_are_none(const struct jump_requests *);

/* A request that waits from now on; the caller fills in the other fields. */
struct jump_request *jump_requests_add(struct jump_requests *,
    struct event_base *, bool is_cancel,
    void (*on_timeout)(int fd, short what, void *request));
void jump_requests_remove(struct jump_request *);

struct jump_request *jump_requests_at(struct jump_place *);

int64_t jump_requests_waited_ms(const struct jump_request *);
void jump_requests_move(struct jump_request *, enum request_state);
void jump_requests_arm_timer(struct jump_request *, int64_t deadline_ms);

/* It is done: with a stream, or with its fault, which has its code already. */
void jump_requests_succeed(struct jump_request *, struct stream *take);
void jump_requests_fail(struct jump_request *);

#endif
