/* SPDX-License-Identifier: PostgreSQL */

/*
 * The links of one worker to one jump box: it dials them when somebody waits
 * and the jump box may be dialled, spreads opens over them, and lets the worn
 * ones go.  It knows targets, not clients.
 */
#ifndef PGJUMP_JUMP_POOL_H
#define PGJUMP_JUMP_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "ssh/link.h"

struct config;
struct config_connection;
struct event_base;
struct jump_box;
struct mailbox;
struct originator;
struct pool;

/*
 * Everything is borrowed until pool_close().  Starts the first dial at once.
 */
struct pool *pool_open(struct event_base *, struct config *, struct jump_box *,
    struct mailbox *);

/* Waits for dialers, which give up at once.  Streams were closed before. */
void pool_close(struct pool *);

/* The two halves of a turn: read and retry; send what has gathered. */
void pool_pump(struct pool *);
void pool_flush(struct pool *);

/* An open that has ended, one per call; false: no more. */
bool pool_take_opened(struct pool *, void **user, struct ssh_opened *);

enum pool_offer {
	POOL_OPENING, /* started: pool_take_opened() will tell */
	POOL_WAIT,    /* ask again when something has happened */
	POOL_BEHIND,  /* so should this one; users of other databases come first
		       */
	POOL_DOWN,    /* no link, and none may be dialled now: see the cause */
};

/*
 * Somebody will ask for this database, when all who wait before have: it is one
 * of those for which databases that do not answer leave a slot.
 */
void pool_expect(struct pool *, const struct config_connection *);

/*
 * Open a stream to the database of `connection` for a user who has waited for
 * `waited_ms` and would give up the open at `by_ms`, on the link that suits it
 * best.
 */
enum pool_offer pool_ask(struct pool *, const struct config_connection *,
    const struct originator *, int64_t waited_ms, int64_t by_ms, void *user);

/* How the jump box has behaved since an open that was given up. */
struct pool_silence {
	/* The tunnel has given a sign of life late enough that the database is
	 * to blame ... */
	bool was_heard;
	bool is_stalled;   /* ... but on another link alone */
	int64_t silent_ms; /* of this link */
};

/* The user of an open in flight has gone, or its time has run out. */
struct pool_silence pool_abandon(struct pool *, void *user);

/* Opens to this database have not been answered in time, the last ones. */
bool pool_is_suspect(const struct pool *, const struct config_connection *);

bool pool_is_up(const struct pool *);    /* there is a live link */
bool pool_has_slot(const struct pool *); /* one of them could open now */

/* Every link was asked for a sign of life, and none has given one. */
bool pool_is_mute(const struct pool *);

/* When any of the links last heard the jump box (base/clock.h); 0: there is
 * none. */
int64_t pool_heard_ms(const struct pool *);

/* Ask every link that was not heard since `since_ms` for a sign of life. */
void pool_probe(struct pool *, int64_t since_ms);

/* How many links there are, retired ones included; those that are live. */
size_t pool_links(const struct pool *);
size_t pool_live_links(const struct pool *);

/* The channels of all links, retired ones included. */
size_t pool_channels(const struct pool *);

/* The shortest round trip of a live link; 0: none is measured yet. */
int64_t pool_rtt_us(const struct pool *);

/*
 * Why there is no link: the remembered cause, else what the dial in flight is
 * waiting for, and for how long.
 */
void pool_cause(const struct pool *, struct fault *);

#endif
