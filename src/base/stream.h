/* SPDX-License-Identifier: PostgreSQL */

/*
 * Bytes both ways, whatever carries them: a connected socket
 * (base/socket_stream.h), a channel of an SSH session (ssh/channel.h), or TLS
 * on another stream (tls/stream.h).  A stream never disconnects anybody: it
 * reports, and its user decides.  All calls are made in the thread of its event
 * base.
 */
#ifndef PGJUMP_BASE_STREAM_H
#define PGJUMP_BASE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"

struct stream;

/* What stream_read() and stream_write() return besides a count. */
enum {
	STREAM_END = 0,   /* read only: the peer has sent its last byte */
	STREAM_WAIT = -1, /* nothing now: on_ready will be called */
	STREAM_LOST = -2, /* broken: stream_fault() says why */
};

/* A kind of stream: what answers the calls below. */
struct stream_ops {
	void (*listen)(struct stream *); /* on_ready was set; may be NULL */
	ssize_t (*read)(struct stream *, void *buf, size_t len);
	ssize_t (*write)(struct stream *, const void *buf, size_t len);
	void (*credit)(struct stream *, size_t len);
	void (*pause)(struct stream *, bool is_paused);
	void (*finish)(struct stream *);
	bool (*is_drained)(struct stream *);
	void (*expect_by)(struct stream *, int64_t by_ms);
	bool (*was_heard)(struct stream *, int64_t since_ms);
	void (*name_silent)(struct stream *, int64_t since_ms, struct fault *);
	void (*fault)(struct stream *, struct fault *);
	void (*close)(struct stream *, bool with_reset);
};

/* Embedded at the start of each kind of stream. */
struct stream {
	const struct stream_ops *ops;
	void (*on_ready)(void *arg); /* not from inside a stream call */
	void *arg;
	size_t park_max;        /* the most bytes a user keeps without credit */
	enum software software; /* of the jump box it goes through */
};

/*
 * Set the function to call when something may have changed: bytes or an end to
 * read, or room to write.  It may be called without need.  The first call comes
 * soon, so nothing that happened before is missed.
 */
void stream_listen(struct stream *, void (*on_ready)(void *arg), void *arg);

/*
 * Read at most `len` bytes: a count > 0, STREAM_END, STREAM_WAIT or
 * STREAM_LOST.  Bytes received before an end or a loss are read first.  After
 * STREAM_WAIT nothing more is read until on_ready was called.
 */
ssize_t stream_read(struct stream *, void *buf, size_t len);

/*
 * Write some of `len` > 0 bytes: the count taken (> 0), STREAM_WAIT or
 * STREAM_LOST.  After a wait the next call must begin with the same bytes and
 * be at least as long.
 */
ssize_t stream_write(struct stream *, const void *buf, size_t len);

/*
 * The far side has taken `len` of the bytes that were read: an SSH channel
 * lets its peer send that many more.
 */
void stream_credit(struct stream *, size_t len);

/* While paused, a socket is not watched for bytes; a channel ignores this. */
void stream_pause(struct stream *, bool is_paused);

/* Nothing more will be written: half-close once everything written is sent. */
void stream_finish(struct stream *);

/*
 * Whether everything that was written has left this process.  On a socket the
 * peer must also have acknowledged it (SIOCOUTQ is 0), or be gone.
 */
bool stream_is_drained(struct stream *);

/*
 * The user expects an answer by `by_ms` (base/clock.h).  If the tunnel that
 * leads to the peer is silent until then, it is asked for a sign of life, so
 * that stream_was_heard() can tell later whether the tunnel was silent or the
 * peer.  A plain socket has no tunnel: it always counts as heard.
 */
void stream_expect_by(struct stream *, int64_t by_ms);
bool stream_was_heard(struct stream *, int64_t since_ms);

/*
 * Where it was not heard: name in the fault the jump box whose silence since
 * then that is, which may be an outer one of a chain.
 */
void stream_name_silent(struct stream *, int64_t since_ms, struct fault *);

/*
 * Why the stream is lost, after STREAM_LOST.  A channel whose link died gives
 * FAIL_TUNNEL_LOST or FAIL_TUNNEL_SILENT.  A socket notes its errno text
 * (fault_note()) and gives no code, since only its user knows whose socket it
 * is.
 */
void stream_fault(struct stream *, struct fault *);

/*
 * Release the stream; on_ready is not called any more.  `with_reset` closes a
 * TCP socket by RST (SO_LINGER 0), and drops what is queued on a channel.
 * NULL is fine.
 */
void stream_close(struct stream *, bool with_reset);

#endif
