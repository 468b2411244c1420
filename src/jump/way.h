/* SPDX-License-Identifier: PostgreSQL */

/*
 * What an inner jump box asks of the outer one, through which it is reached.
 * jump/jump.c, which is above its users, makes it.
 */
#ifndef PGJUMP_JUMP_WAY_H
#define PGJUMP_JUMP_WAY_H

#include <stdbool.h>
#include <stdint.h>

struct config_connection;
struct fault;
struct jump;
struct jump_request;
struct stream;

/*
 * The answer to a request: a stream to its target which the receiver owns, or
 * NULL and the fault (complete: names, detail).  Called once, never from inside
 * the call that asks; the request is gone when it is called.
 */
typedef void jump_answer_fn(void *arg, struct stream *take,
    const struct fault *fault);

struct jump_way {
	struct jump *outer;
	/* Ask for a stream to `target` by `deadline_ms` (base/clock.h). */
	struct jump_request *(*ask)(struct jump *outer,
	    const struct config_connection *target, int64_t deadline_ms,
	    jump_answer_fn *, void *arg);
	/* Give up: no answer will come. */
	void (*drop)(struct jump_request *);
	/*
	 * What the request is waiting for, as the fault that it would have if
	 * its time ran out now; nothing while its forward is being opened.
	 */
	void (*blame)(const struct jump_request *, struct fault *);
	/* The outer jump box has a link, so that nothing needs to be dialled.
	 */
	bool (*is_up)(const struct jump *outer);
};

#endif
