/* SPDX-License-Identifier: PostgreSQL */

/*
 * A live, authenticated SSH session on a worker's loop.  It pumps its channels,
 * has one slot for an open in flight (libssh2 cannot hold two), notices when
 * the jump box falls silent, and retires when it can no longer be trusted.  It
 * calls only on_ready of its streams; its owner asks after each turn.
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

/* sshd serves this many channels well.  Above it, use or dial another link. */
#define SSH_LINK_CHANNELS_SOFT 48
/* Never more: sshd's limit of 1024 open files is near. */
#define SSH_LINK_CHANNELS_HARD 900

/* How an open ended. */
struct ssh_opened {
	struct stream *stream; /* NULL: refused, or the link failed */
	/* the link failed, not the target: ask another link */
	bool has_link_failed;
	/* What broke the link (FAIL_NONE: nothing); as long as the link. */
	const struct fault *lost_by;
	enum software software; /* the jump box's, whose words these are */
	unsigned reason;        /* RFC 4254, 5.1; 0: none was given */
	char words[256];        /* the jump box's own */
	int64_t elapsed_ms;
	int64_t rtt_us; /* the shortest that this link has measured */
};

/* Takes the transport, and copies what it needs of `cfg` and `jump`. */
struct ssh_link *ssh_link_new(struct event_base *, const struct config *cfg,
    const struct config_jump *, struct ssh_transport *take);

/* Free it, when each of its streams is closed or will not be used any more. */
void ssh_link_free(struct ssh_link *);

/*
 * The link is to a jump box behind another one: its session travels through
 * `carrier`, a stream of the outer link that is borrowed until
 * ssh_link_carrier_ended(); NULL: it ended before the link came here.  If that
 * ended for a `cause` (else its code is FAIL_NONE), the cause is the link's
 * own, when its socket ends.
 */
void ssh_link_carry(struct ssh_link *, struct stream *carrier);
void ssh_link_carrier_ended(struct ssh_link *, const struct fault *cause);

/*
 * In each turn of the loop: first pump, which reads what came, retries what was
 * blocked and calls on_ready of streams; then, when all links have been pumped,
 * flush, which sends what has gathered.
 */
void ssh_link_pump(struct ssh_link *);
void ssh_link_flush(struct ssh_link *);

/* It takes no new channel any more: it broke, or it has retired. */
bool ssh_link_is_closed(const struct ssh_link *);

/* It broke. */
bool ssh_link_is_lost(const struct ssh_link *);

/* It is closed and has no streams in use: to be freed. */
bool ssh_link_is_finished(const struct ssh_link *);

/* Take no new channel from now on; let the live ones run to their end. */
void ssh_link_retire(struct ssh_link *);

/* How many streams are in use, not counting zombies. */
size_t ssh_link_channels(const struct ssh_link *);

/* The shortest round trip measured so far; 0: none yet. */
int64_t ssh_link_rtt_us(const struct ssh_link *);

/* When the jump box was last heard (base/clock.h). */
int64_t ssh_link_heard_ms(const struct ssh_link *);

/*
 * An open can be started: the link is not closed, the slot is free, and there
 * is room for a channel.
 */
bool ssh_link_has_slot(const struct ssh_link *);

/* A question for a sign of life has been unanswered for a while. */
bool ssh_link_is_mute(const struct ssh_link *);

/*
 * Whether its silence may be that of a server which connects to targets in the
 * thread that reads the session: it has acknowledged all that was sent, and is
 * not known to serve the session while it connects.
 */
bool ssh_link_may_stall(const struct ssh_link *);

/*
 * The jump box was heard on another link at `heard_ms` (base/clock.h).  Do not
 * give this one up before the longest silence has passed since then, or before
 * `until_ms`, whichever comes first.
 */
void ssh_link_bear(struct ssh_link *, int64_t heard_ms, int64_t until_ms);

/* Its slot has been taken for longer than any jump box should need. */
bool ssh_link_is_stuck(const struct ssh_link *);

/* A forward is in flight, even one whose user no longer waits. */
bool ssh_link_is_opening(const struct ssh_link *);

/*
 * Start an open; only after ssh_link_has_slot().  The target is copied.  If
 * there is no answer by `overdue_ms` (base/clock.h), the link asks the jump box
 * for a sign of life.
 */
void ssh_link_open(struct ssh_link *, const struct ssh_target *,
    int64_t overdue_ms);

/*
 * Whether the open has ended.  If so, fill *out, whose stream is the caller's,
 * and free the slot.
 */
bool ssh_link_take_opened(struct ssh_link *, struct ssh_opened *out);

/* What broke the link; its code is FAIL_NONE: nothing so far. */
const struct fault *ssh_link_fault(const struct ssh_link *);

/*
 * A fault that names the jump box whose silence since `since_ms` (base/clock.h)
 * explains that of this link: its own, or an outer one.
 */
const struct fault *ssh_link_silent(const struct ssh_link *, int64_t since_ms);

/*
 * Stop waiting for the open.  It stays in the slot until its answer comes,
 * since libssh2 would give that answer to the next open, which is for another
 * database.
 */
void ssh_link_abandon(struct ssh_link *);

/*
 * The slot is free and no user needs it: measure the round trip, if that was
 * not done yet.
 */
void ssh_link_measure(struct ssh_link *);

/* Ask the jump box for a sign of life, unless one came since `since_ms`. */
void ssh_link_probe(struct ssh_link *, int64_t since_ms);

#endif
