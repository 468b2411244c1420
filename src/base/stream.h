/* SPDX-License-Identifier: PostgreSQL */

/*
 * What relay copies between: a connected socket, or (ssh/channel.h) a channel
 * of an SSH session.  A stream never disconnects anybody: it reports, its user
 * decides.  All calls in the thread of its event base.
 */
#ifndef PGJUMP_BASE_STREAM_H
#define PGJUMP_BASE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"

struct event_base;
struct fault;
struct stream;

/* What stream_read() and stream_write() return besides a count. */
enum {
	STREAM_END = 0,   /* read only: the peer has sent its last byte */
	STREAM_WAIT = -1, /* nothing now: on_ready will be called */
	STREAM_LOST = -2, /* broken: stream_fault() says how */
};

struct stream_ops {
	void (*listen)(struct stream *); /* on_ready was set; may be NULL */
	ssize_t (*read)(struct stream *, void *buf, size_t len);
	ssize_t (*write)(struct stream *, const void *buf, size_t len);
	void (*credit)(struct stream *, size_t len);
	void (*pause)(struct stream *, bool paused);
	void (*finish)(struct stream *);
	bool (*is_drained)(struct stream *);
	void (*await)(struct stream *, int64_t by_ms);
	bool (*was_heard)(struct stream *, int64_t since_ms);
	void (*fault)(struct stream *, struct fault *);
	void (*close)(struct stream *, bool reset);
};

/* Embedded at the start of each kind of stream. */
struct stream {
	const struct stream_ops *ops;
	void (*on_ready)(void *arg); /* not from inside a stream call */
	void *arg;
	size_t park_max;        /* a user holds at most so much uncredited */
	enum software software; /* of the jump box it goes through */
};

/*
 * A stream over a connected socket, which it owns from now on and makes
 * non-blocking.  `park_max` is 256 KB.
 */
struct stream *stream_socket(struct event_base *, int take_fd);
int stream_socket_fd(const struct stream *);

/*
 * Who is called when something may have changed: bytes or an end to read, room
 * to write.  Spurious calls are allowed.  Until set, nothing is lost: the call
 * comes soon after.
 */
void stream_listen(struct stream *, void (*on_ready)(void *arg), void *arg);

/*
 * Read at most `len` bytes: a count > 0, STREAM_END, STREAM_WAIT or
 * STREAM_LOST.  Bytes received before an end or a loss are read first.  What
 * comes to a socket after a read has emptied it is seen once the loop tells.
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
void stream_pause(struct stream *, bool paused);

/* No byte will be written any more: half-close, once all written is sent. */
void stream_finish(struct stream *);

/* All that was written has left this process and, for a socket, was
 * acknowledged by the peer (SIOCOUTQ is 0), or never will be. */
bool stream_is_drained(struct stream *);

/*
 * The user waits for the peer's answer: where a tunnel leads there, it is asked
 * for a sign of life if it gives none by `by_ms` (base/clock.h), so that
 * stream_was_heard() can tell later whose silence it was.  A socket's peer is
 * the peer itself: it always counts as heard.
 */
void stream_expect_by(struct stream *, int64_t by_ms);
bool stream_was_heard(struct stream *, int64_t since_ms);

/*
 * After STREAM_LOST: why.  A channel whose link died gives FAIL_TUNNEL_LOST
 * or FAIL_TUNNEL_SILENT; a socket gives its errno text by fault_note() and no
 * code, since only its user knows whose socket it is.
 */
void stream_fault(struct stream *, struct fault *);

/*
 * Release it; on_ready is not called any more.  With `reset` a TCP socket is
 * closed by RST (SO_LINGER 0), on a channel what is queued is dropped.
 * NULL is fine.
 */
void stream_close(struct stream *, bool reset);

#endif
