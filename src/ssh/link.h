/* SPDX-License-Identifier: PostgreSQL */

/*
 * A live, authenticated SSH session on a worker's loop: it pumps its channels,
 * has one slot for an open in flight (libssh2 can hold no two), notices when
 * the jump box falls silent, and retires when it can no longer be trusted.  It
 * calls nobody but the streams' on_ready: its owner asks after each turn.
 */
#ifndef PGJUMP_SSH_LINK_H
#define PGJUMP_SSH_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"

struct event_base;
struct config;
struct config_jump;
struct ssh_link;
struct ssh_target;
struct ssh_transport;
struct stream;

/* What sshd itself can bear: above it, use or dial another link if you can. */
#define SSH_LINK_CHANNELS_SOFT 48
/* sshd's limit of open files is near: never more. */
#define SSH_LINK_CHANNELS_HARD 900

/* How an open ended. */
struct ssh_opened {
	struct stream *stream; /* NULL: refused, or the link failed */
	bool has_link_failed;  /* nothing was said about the target: ask another
				* link
				*/
	enum failure lost_by;  /* the link broke: by this; else FAIL_NONE */
	enum software software; /* of the jump box: whose words they are */
	unsigned reason;        /* RFC 4254, 5.1; 0: none was given */
	char words[256];        /* the jump box's own */
	int64_t elapsed_ms;
	int64_t rtt_us; /* the shortest that this link has measured */
};

/* Takes the transport.  `cfg` and `jump` are borrowed until it is freed. */
struct ssh_link *ssh_link_new(struct event_base *, const struct config *cfg,
    const struct config_jump *, struct ssh_transport *take);

/* Every stream of it was closed, or will not be used any more. */
void ssh_link_free(struct ssh_link *);

/*
 * In each turn of the loop: read what came and retry what was blocked, which
 * calls on_ready of streams; then, when all have had their say, send what has
 * gathered.
 */
void ssh_link_pump(struct ssh_link *);
void ssh_link_flush(struct ssh_link *);

/* It takes no new channel any more: it broke, or it is retired. */
bool ssh_link_is_closed(const struct ssh_link *);

/* It broke. */
bool ssh_link_is_lost(const struct ssh_link *);

/* Broken or retired, and nobody holds a stream of it: to be freed. */
bool ssh_link_is_finished(const struct ssh_link *);

/* No new channel from now on; those that live end in peace. */
void ssh_link_retire(struct ssh_link *);

/* Streams in use, zombies not counted. */
size_t ssh_link_channels(const struct ssh_link *);

/* The shortest round trip that was measured; 0: none was yet. */
int64_t ssh_link_rtt_us(const struct ssh_link *);

/* When the jump box was last heard (base/clock.h). */
int64_t ssh_link_heard_ms(const struct ssh_link *);

/* An open can be started: not closed, the slot is free, room for a channel. */
bool ssh_link_has_slot(const struct ssh_link *);

/* It was asked for a sign of life a while ago, and has given none. */
bool ssh_link_is_mute(const struct ssh_link *);

/*
 * Its silence may be that of a server which connects in the thread that reads
 * the session: it has taken all that was sent, and is none of those known to go
 * on meanwhile.
 */
bool ssh_link_may_stall(const struct ssh_link *);

/*
 * The jump box was heard on another link, at `heard_ms` (base/clock.h): silence
 * of this one is no death as long as that is not longer ago than such a silence
 * may be, nor before `until_ms`.
 */
void ssh_link_bear(struct ssh_link *, int64_t heard_ms, int64_t until_ms);

/* Its slot has been taken for longer than any jump box should need. */
bool ssh_link_is_stuck(const struct ssh_link *);

/* A forward is in flight, also one that nobody waits for any more. */
bool ssh_link_is_opening(const struct ssh_link *);

/*
 * Start an open; ssh_link_has_slot() was true.  The target is copied.  Where
 * there is no answer by `overdue_ms` (base/clock.h), the jump box is asked for
 * a sign of life.
 */
void ssh_link_open(struct ssh_link *, const struct ssh_target *,
    int64_t overdue_ms);

/*
 * Whether the open that was started has ended; then fills *out, whose stream
 * is the caller's, and the slot is free.
 */
bool ssh_link_take_opened(struct ssh_link *, struct ssh_opened *out);

/* What broke the link; FAIL_NONE: nothing has yet. */
enum failure ssh_link_lost_by(const struct ssh_link *);

/*
 * Nobody waits for the open any more.  It stays in the slot until its answer
 * comes, for libssh2 would hand that answer to the next open: the wrong
 * database.
 */
void ssh_link_abandon(struct ssh_link *);

/*
 * Nobody wants the slot now: measure the round trip where that was not done
 * yet.
 */
void ssh_link_measure(struct ssh_link *);

/* Ask the jump box for a sign of life, unless it gave one since `since_ms`. */
void ssh_link_probe(struct ssh_link *, int64_t since_ms);

#endif
