/* SPDX-License-Identifier: PostgreSQL */

/*
 * A jump box as the clients of one worker see it: they ask for a stream to a
 * database and are answered with a stream or with a fault.  Behind it: a queue,
 * a pool of links, backoff, the remembered cause.  A connection without tunnel
 * is served by the same calls, so that its clients differ in nothing.
 */
#ifndef PGJUMP_JUMP_JUMP_H
#define PGJUMP_JUMP_JUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/originator.h"

struct config;
struct config_connection;
struct event_base;
struct fault;
struct jump;
struct jump_box;
struct jump_request;
struct mailbox;
struct stream;

/*
 * A worker's view of one jump box (or, where `box` has none, of all
 * connections without tunnel).  Everything is borrowed until jump_close().
 * Starts the first dial at once, unless another worker's is in flight.
 */
struct jump *jump_open(struct event_base *, struct config *, struct jump_box *,
    struct mailbox *of_worker);

/*
 * At the end of each turn of the worker's loop: read what arrived on every
 * link, retry what was blocked, send what has gathered.  May call answers and
 * streams' on_ready.
 */
void jump_turn(struct jump *);

/* What its links carry, as a plain value. */
struct jump_state {
	size_t links;    /* live ones, which take new channels */
	size_t channels; /* of all links, retired ones included */
	int64_t rtt_us;  /* the shortest round trip; 0: not measured */
};

/* All zero for the connections without tunnel. */
struct jump_state jump_look(const struct jump *);

/*
 * End dials and links.  Requests were dropped and streams closed before; waits
 * for dialers, which give up at once.
 */
void jump_close(struct jump *);

/*
 * The answer: a stream to the database which the receiver owns, or NULL and
 * the fault (complete: names, detail).  Called once, never from inside
 * jump_request_open(); the request is gone when it is called.
 */
typedef void jump_answer_fn(void *arg, struct stream *take,
    const struct fault *fault);

/*
 * Ask for a stream to the connection's database.  Answered by `deadline_ms`
 * (base/clock.h) at the latest, sooner where a stage's own limit ends sooner.
 * One for a cancel request lets clients go first: a few of them, however many
 * wait.  Everything is borrowed until the answer or jump_request_drop().
 */
struct jump_request *jump_request_open(struct jump *,
    const struct config_connection *, const struct originator *,
    int64_t deadline_ms, bool is_cancel, jump_answer_fn *, void *arg);

/* Give up: no answer will come.  What is in flight is ended in peace. */
void jump_request_drop(struct jump_request *);

#endif
