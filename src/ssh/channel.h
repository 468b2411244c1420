/* SPDX-License-Identifier: PostgreSQL */

/*
 * One forwarded stream of an SSH session.  It marks what it wants; the link
 * that owns the session pumps.  Its receive window is exact: the peer may send
 * what was granted, and more is granted only for bytes that the client has
 * taken.
 */
#ifndef PGJUMP_SSH_CHANNEL_H
#define PGJUMP_SSH_CHANNEL_H

#include <libssh2.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/stream.h"
#include "ssh/channel_host.h"

struct evbuffer;

struct ssh_channel {
	struct stream stream; /* first: a channel is a stream */
	TAILQ_ENTRY(ssh_channel) entry;
	LIBSSH2_CHANNEL *channel;
	struct ssh_channel_host *host;
	bool owes_ready;    /* on_ready must be called in the next turn */
	bool is_blocked;    /* a write waits for a window, a rekey or room */
	bool is_finishing;  /* an EOF is still to be sent */
	bool is_finished;   /* the user has written its last byte */
	bool has_timed_out; /* the jump box has ended the channel */
	bool is_closing;    /* the user has closed it: to be freed */
	uint32_t window;    /* bytes granted at most at a time */
	uint32_t owed; /* bytes the client has taken, not granted again yet */
	uint32_t granting;     /* the part of `owed` that libssh2 is sending */
	uint32_t held;         /* bytes read, not taken by the client yet */
	struct evbuffer *kept; /* bytes the user has not read yet; NULL: none */
	int64_t moved_ms; /* when a byte last went either way (base/clock.h) */
	uint64_t period_bytes; /* bytes read since period_us, for auto-tuning */
	int64_t period_us;
};

/*
 * Make a stream of a channel that was opened with window 0.  The caller keeps
 * it in a list and calls ssh_channel_pump() in each turn with input.
 */
struct ssh_channel *ssh_channel_new(LIBSSH2_CHANNEL *take,
    struct ssh_channel_host *);

/* What the channel behind a stream shares with the others of its link. */
const struct ssh_channel_host *ssh_channel_shared(const struct stream *);

/*
 * Retry what is blocked (window grants, EOF), and call on_ready when bytes, an
 * end or room may be waiting.  The user may close the stream in the call.
 * Afterwards libssh2 holds nothing for the channel.
 */
void ssh_channel_pump(struct ssh_channel *);

/* Grant at once what is owed, however little that is. */
void ssh_channel_grant(struct ssh_channel *);

/*
 * Close at the peer and free.  False: the peer has not answered yet, call again
 * after input.
 */
bool ssh_channel_free(struct ssh_channel *);

/* Free it without closing: the session itself ends. */
void ssh_channel_forget(struct ssh_channel *);

#endif
