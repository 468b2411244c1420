/* SPDX-License-Identifier: PostgreSQL */

/*
 * A jump box as the clients of one worker see it: they ask for a stream to a
 * database, and the answer is a stream or a fault.  Behind it are a queue, a
 * pool of links, the backoff and the remembered cause.  The same calls serve a
 * connection without tunnel, so that its clients need no code of their own.
 */
#ifndef PGJUMP_JUMP_JUMP_H
#define PGJUMP_JUMP_JUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/originator.h"
#include "jump/way.h"

struct config;
struct config_connection;
struct config_jump;
struct event_base;
struct fault;
struct jump;
struct jump_box;
struct jump_request;
struct mailbox;
struct stream;

/*
 * One worker's view of a jump box; or, with neither settings nor links, of all
 * connections without tunnel.  Everything is borrowed until jump_close(), but
 * the configuration and the jump box's settings in it until jump_renew().
 * `outer` is the jump box through which this one is reached, or NULL.  Starts
 * the first dial at once, unless another worker's is in flight.
 */
struct jump *jump_open(struct event_base *, struct config *,
    const struct config_jump *settings, struct jump_box *,
    struct mailbox *of_worker, struct jump *outer);

/*
 * The same jump box in a new configuration: links and dials stay as they are,
 * new ones follow the new time-outs.
 */
void jump_renew(struct jump *, struct config *,
    const struct config_jump *settings);

/*
 * The configuration names this jump box no more.  Requests that come are still
 * served.  While there is none, no new link is dialled, and the links end with
 * their last streams.
 */
void jump_leave(struct jump *);

/* It has left, and no request, link or dial remains: jump_close() is quick. */
bool jump_is_over(const struct jump *);

/*
 * Call at the end of each turn of the worker's loop: reads every link, tries
 * blocked requests again, and sends what has gathered.  May call answers and
 * streams' on_ready.
 */
void jump_turn(struct jump *);

/*
 * Inner jump boxes go before outer ones.  End dials and links.  Waits for the
 * dialers, which give up at once.  The caller has dropped all requests and
 * closed all streams before.
 */
void jump_close(struct jump *);

/*
 * Ask for a stream to the connection's database.  The answer comes by
 * `deadline_ms` (base/clock.h), or before, when a stage's own limit ends.  With
 * `is_cancel` clients go first, though only a few of them (jump/queue.h).
 * Everything is borrowed until the answer or jump_request_drop().
 */
struct jump_request *jump_request_open(struct jump *,
    const struct config_connection *, const struct originator *,
    int64_t deadline_ms, bool is_cancel, jump_answer_fn *, void *arg);

/* Give up: no answer will come.  An open in flight is closed when it ends. */
void jump_request_drop(struct jump_request *);

#endif
