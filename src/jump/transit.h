/* SPDX-License-Identifier: PostgreSQL */

/*
 * The way through an outer jump box to the SSH server of an inner one, as a
 * socket: a stream of the outer one, and a bridge from it to one end of a
 * socketpair.  The other end is what a dial and a link use like any socket.
 */
#ifndef PGJUMP_JUMP_TRANSIT_H
#define PGJUMP_JUMP_TRANSIT_H

#include <stdint.h>

struct config;
struct config_jump;
struct event_base;
struct fault;
struct jump_way;
struct transit;
struct stream;

struct transit_setup {
	struct event_base *base;
	struct config *cfg; /* referenced; `inner` is of it */
	const struct jump_way *way;
	const struct config_jump *inner;
	int64_t deadline_ms; /* base/clock.h */
	/*
	 * It is open, and `take_fd` is the receiver's; or it is not (-1), and
	 * transit_cause() says why.  Never from inside transit_open().
	 */
	void (*on_open)(void *arg, int take_fd);
	void *arg;
};

/* Everything else is borrowed until transit_close(). */
struct transit *transit_open(const struct transit_setup *);

/* Close the outer stream and our end of the socketpair; NULL is fine. */
void transit_close(struct transit *);

/*
 * Why it could not be opened, or why the outer stream broke; its code is
 * FAIL_NONE: nothing failed.
 */
const struct fault *transit_cause(const struct transit *);

/* What it waits for, if it waits for the outer jump box. */
void transit_blame(const struct transit *, struct fault *);

/* The stream of the outer jump box; NULL: it broke. */
struct stream *transit_carrier(const struct transit *);

/*
 * Call `on_end` when the outer stream breaks, before the socket ends; at once,
 * if that has happened.  transit_carrier() is gone then.
 */
void transit_watch(struct transit *,
    void (*on_end)(void *arg, const struct fault *cause), void *arg);

#endif
