/* SPDX-License-Identifier: PostgreSQL */

/*
 * The links of one worker to one jump box.  The pool dials them when a user
 * waits and the jump box may be dialled, spreads opens over them, and retires
 * those that are stuck or not needed.  It knows targets, not clients.
 */
#ifndef PGJUMP_JUMP_POOL_H
#define PGJUMP_JUMP_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "ssh/link.h"

struct config;
struct config_connection;
struct config_jump;
struct event_base;
struct jump_box;
struct jump_way;
struct mailbox;
struct originator;
struct pool;

/*
 * Everything is borrowed until pool_close(), but the configuration and the jump
 * box's settings in it until pool_renew().  `way` leads to a jump box behind
 * another one, or is NULL.  Starts the first dial at once.
 */
struct pool *pool_open(struct event_base *, struct config *,
    const struct config_jump *, struct jump_box *, struct mailbox *,
    const struct jump_way *way);

/* The same jump box in a new configuration. */
void pool_renew(struct pool *, struct config *, const struct config_jump *);

/*
 * The jump box is named no more: dial no link in advance from now on.  While
 * the pool is not needed, retire its links and cancel its dials.
 */
void pool_leave(struct pool *, bool is_unneeded);

/* There is neither a link nor a dial. */
bool pool_is_empty(const struct pool *);

/* Waits for the dialers, which give up at once.  Streams were closed before. */
void pool_close(struct pool *);

/* The two halves of a turn: read and retry; send what has gathered. */
void pool_pump(struct pool *);
void pool_flush(struct pool *);

/*
 * Take one open that has ended, and free its slot; NULL for the user: nobody
 * waits for it any more.  False: no open has ended.
 */
bool pool_take_opened(struct pool *, void **user, struct ssh_opened *);

enum pool_offer {
	POOL_OPENING, /* started: pool_take_opened() gives its end */
	POOL_WAIT,    /* ask again after the next change */
	POOL_BEHIND,  /* the same, and let users of other databases go first */
	POOL_DOWN,    /* no link, and none may be dialled: see pool_cause() */
};

/*
 * A user of this database has joined the queue.  Databases that do not answer
 * leave a slot for every database that was named here.
 */
void pool_expect(struct pool *, const struct config_connection *);

/*
 * Open a stream to the database of `connection`, on the link that suits it
 * best.  The user has waited for `waited_ms`, and gives up the open at `by_ms`.
 */
enum pool_offer pool_ask(struct pool *, const struct config_connection *,
    const struct originator *, int64_t waited_ms, int64_t by_ms, void *user);

/* What was heard of the jump box since an open that was given up began. */
struct pool_silence {
	bool was_heard;    /* late enough that the database is to blame */
	bool is_stalled;   /* it was heard on other links only */
	int64_t silent_ms; /* how long this link has been silent */
	/* Names the jump box whose silence that is; as long as the link. */
	const struct fault *silent;
};

/* Give up an open in flight: its user has gone, or has no time left. */
struct pool_silence pool_abandon(struct pool *, void *user);

/* The last open to this database was not answered in time. */
bool pool_is_suspect(const struct pool *, const struct config_connection *);

bool pool_is_up(const struct pool *);    /* there is a live link */
bool pool_has_slot(const struct pool *); /* a link could open now */

/* Every link was asked for a sign of life, and none has given one. */
bool pool_is_mute(const struct pool *);

/*
 * A fault that names the jump box whose silence since `since_ms` that is; NULL:
 * there is no link.  As long as the link.
 */
const struct fault *pool_silent(const struct pool *, int64_t since_ms);

/* When a link last heard the jump box (base/clock.h); 0: there is no link. */
int64_t pool_heard_ms(const struct pool *);

/* Ask every link that was not heard since `since_ms` for a sign of life. */
void pool_probe(struct pool *, int64_t since_ms);

/* The number of links, retired ones included. */
size_t pool_links(const struct pool *);

/* What the links carry, as a plain value. */
struct pool_state {
	size_t live_links;
	size_t channels; /* of all links, retired ones included */
	int64_t rtt_us;  /* the shortest of a live link; 0: not measured */
};

void pool_look(const struct pool *, struct pool_state *);

/*
 * Why there is no link: the remembered cause, else what the dial in flight is
 * waiting for, and for how long.
 */
void pool_cause(const struct pool *, struct fault *);

#endif
