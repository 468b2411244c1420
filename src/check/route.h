/* SPDX-License-Identifier: PostgreSQL */

/*
 * The way to a database in sequential calls: a link of our own to the jump box,
 * or none without a tunnel, and streams through it.  It runs the code that
 * serves clients, turn by turn on an event base of its own, and so meets what a
 * client would meet.  One thread.
 */
#ifndef PGJUMP_CHECK_ROUTE_H
#define PGJUMP_CHECK_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

struct check_carrier;
struct check_route;
struct config;
struct config_jump;
struct config_connection;
struct dial;
struct event_base;
struct resolver;
struct ssh_link;
struct ssh_target;
struct stream;

/* Borrowed while the route lives. */
struct check_task {
	const struct config *cfg;
	const struct config_connection *connection;
	struct resolver *resolver;
	int cancel_fd;       /* readable: end everything at once */
	int64_t deadline_ms; /* of the whole walk (base/clock.h); 0: none */
};

struct check_route *check_route_new(const struct check_task *);
void check_route_free(struct check_route *); /* NULL is fine */

/*
 * Free the route, but give its event base and, where it has a good one, its
 * link (else NULL) to the caller, who may use them in another thread.
 */
struct event_base *check_route_release(struct check_route *take,
    struct ssh_link **link);

/* The jump box is reached through this one; before the dial. */
void check_route_put_behind(struct check_route *, struct check_carrier *outer);

/* The time (base/clock.h) in `allowed_ms`, or the end of the walk if that is
 * earlier. */
int64_t check_route_task_by_ms(const struct check_task *, int64_t allowed_ms);

/*
 * Log in to the jump box by the caller's dial, through the outer one if there
 * is one, and keep the link in place of an earlier one.
 */
enum failure check_route_dial(struct check_route *, const struct dial *,
    struct fault *);

/*
 * The outermost jump box that gives no sign of life; NULL: each of them does.
 * Takes a second where one is silent.
 */
const struct config_jump *check_route_silent_jump(struct check_route *);

/* Name an outer jump box in the fault, if one gives no sign of life. */
void check_route_name_silent(struct check_route *, struct fault *);

/* Whether the present link can take another open. */
bool check_route_is_free(const struct check_route *);

/* How an open ended, beyond what the fault says. */
struct check_opened {
	struct stream *stream; /* the caller's */
	int64_t elapsed_ms;
	int64_t rtt_us;    /* to the jump box; 0: unknown */
	bool was_asked;    /* false: the link took no open, or was lost */
	bool was_answered; /* false: the time ran out first */
	char words[256];   /* the jump box's own */
};

/*
 * Open a stream to `target` through the link, by `by_ms` (base/clock.h).  An
 * unanswered open stays in the link, which then takes no other.
 */
enum failure check_route_open(struct check_route *, const struct ssh_target *,
    int64_t by_ms, struct check_opened *, struct fault *);

/*
 * Open a stream to the connection's database, through the link or, without a
 * tunnel, by dialling it with `dial`.
 */
enum failure check_route_database(struct check_route *, const struct dial *,
    struct check_opened *, struct fault *);

enum check_turn {
	CHECK_TURN_GO, /* something may have changed */
	CHECK_TURN_TIMEOUT,
	CHECK_TURN_CANCELLED,
};

/* Run one turn of the loop, which sleeps until something happens, or until
 * `by_ms`. */
enum check_turn check_route_turn(struct check_route *, int64_t by_ms);

/* For events of the caller, which then end a turn. */
struct event_base *check_route_base(const struct check_route *);

#endif
