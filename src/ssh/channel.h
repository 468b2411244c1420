/* SPDX-License-Identifier: PostgreSQL */

/*
 * One forwarded stream of an SSH session.  It marks what it wants; the link
 * that owns the session pumps.  Its receive window is exact: the peer may send
 * what was granted, and more is granted only for bytes the client has taken.
 */
#ifndef PGJUMP_SSH_CHANNEL_H
#define PGJUMP_SSH_CHANNEL_H

#include <libssh2.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/fault.h"
#include "base/stream.h"
#include "ssh/pulse.h"

struct evbuffer;
struct event;
struct ssh_transport;

/* A link whose output buffer holds more takes no more from clients. */
#define SSH_CHANNEL_OUTPUT_MAX ((size_t)1 << 20)

/* What the channels of a link share; the link owns it. */
struct ssh_channel_host {
	struct ssh_pulse pulse;
	struct ssh_transport *transport;
	struct event *turn; /* activated: the link must have its turn soon */
	bool is_lost;       /* nothing more will come; see `fault` */
	struct fault fault; /* why; names the SSH server from the start */
	bool holds_unread;  /* libssh2 may hold what nobody can read */
	bool is_full;       /* a write was held back by the output buffer */
	int64_t rtt_us;     /* of the last ping; 0: not measured yet */
};

struct ssh_channel {
	struct stream stream; /* first: a channel is a stream */
	TAILQ_ENTRY(ssh_channel) entry;
	LIBSSH2_CHANNEL *channel;
	struct ssh_channel_host *host;
	bool owes_ready;       /* on_ready is owed */
	bool is_blocked;       /* a write waits for a window, a rekey or room */
	bool is_finishing;     /* EOF is to be sent */
	bool is_finished;      /* its user has said its last byte */
	bool has_timed_out;    /* the jump box has ended it */
	bool is_closing;       /* closed by its user: to be freed */
	uint32_t window;       /* granted at most at a time, bytes */
	uint32_t owed;         /* taken by the client, not granted again yet */
	uint32_t granting;     /* the part of it that libssh2 is sending */
	uint32_t held;         /* read, not taken by the client yet */
	struct evbuffer *kept; /* its user has not read it yet; NULL: nothing */
	int64_t moved_ms; /* when a byte last went either way (base/clock.h) */
	uint64_t period_bytes; /* read since period_us, for auto-tuning */
	int64_t period_us;
};

/*
 * The stream of a channel that was opened with window 0.  The caller keeps it
 * in its list and calls ssh_channel_pump() in each turn with input.
 */
struct ssh_channel *ssh_channel_new(LIBSSH2_CHANNEL *take,
    struct ssh_channel_host *);

/*
 * Retry what is blocked (window grants, EOF) and call on_ready where bytes, an
 * end or room may be waiting.  The user may close the stream in the call.
 * Afterwards libssh2 holds nothing for the channel.
 */
void ssh_channel_pump(struct ssh_channel *);

/*
 * Close at the peer and free.  False: not yet, the peer's answer is awaited;
 * call again after input.
 */
bool ssh_channel_free(struct ssh_channel *);

/* The same, when the session itself goes. */
void ssh_channel_forget(struct ssh_channel *);

#endif
