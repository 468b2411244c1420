/* SPDX-License-Identifier: PostgreSQL */

/*
 * A stream over a socket.  It keeps no bytes of its own: the socket's buffers
 * in the kernel bound what is under way.
 */
#include "base/socket_stream.h"

#include <event2/event.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/stream.h"
#include "base/xmalloc.h"

/*
 * Enough to keep a fast peer busy, and little enough for thousands of clients.
 */
#define PARK_MAX (256 * 1024)

/*
 * Limit unsent data in the kernel, so that a peer which stops reading causes
 * back-pressure early.
 */
#define UNSENT_MAX (128 * 1024)

struct socket_stream {
	struct stream stream;
	int fd;
	/* Persistent; not watched while paused, nor after the last byte. */
	struct event *readable;
	/* Fires once; socket_listen() uses it for its first call as well. */
	struct event *writable;
	bool may_have_bytes; /* false: a read has emptied the socket */
	bool is_paused, is_ended;
	int lost_errno; /* 0: the socket works */
};

static struct socket_stream *
socket_of(struct stream *stream)
{
	return (struct socket_stream *)stream;
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct socket_stream *self = arg;

	(void)fd;
	self->may_have_bytes |= (what & EV_READ) != 0;
	if (self->stream.on_ready != NULL)
		self->stream.on_ready(self->stream.arg);
}

static bool
is_retry(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/*
 * Stop watching a socket that is broken or at its end: it would stay readable
 * for ever.
 */
static void
stop_watching(struct socket_stream *self)
{
	self->is_ended = true;
	event_del(self->readable);
}

static ssize_t
lost(struct socket_stream *self, int error)
{
	if (self->lost_errno == 0)
		self->lost_errno = error;
	stop_watching(self);
	return STREAM_LOST;
}

/*
 * After a read that has emptied the socket, do not try again before the loop
 * reports more: that saves a system call for each read.
 */
static ssize_t
socket_read(struct stream *stream, void *buf, size_t len)
{
	struct socket_stream *self = socket_of(stream);
	ssize_t got;

	if (!self->may_have_bytes)
		return STREAM_WAIT;
	got = recv(self->fd, buf, len, 0);
	if (got < 0 && !is_retry(errno))
		return lost(self, errno);
	self->may_have_bytes = got == 0 || got == (ssize_t)len;
	if (got != 0)
		return got > 0 ? got : STREAM_WAIT;
	stop_watching(self);
	return self->lost_errno != 0 ? STREAM_LOST : STREAM_END;
}

/*
 * Keep watching for input after a failed write: received bytes may still wait.
 */
static ssize_t
socket_write(struct stream *stream, const void *buf, size_t len)
{
	struct socket_stream *self = socket_of(stream);
	ssize_t sent = send(self->fd, buf, len, MSG_NOSIGNAL);

	if (sent > 0)
		return sent;
	if (sent < 0 && !is_retry(errno)) {
		if (self->lost_errno == 0)
			self->lost_errno = errno;
		return STREAM_LOST;
	}
	event_add(self->writable, NULL);
	return STREAM_WAIT;
}

static void
socket_credit(struct stream *stream, size_t len)
{
	(void)stream, (void)len;
}

static void
socket_pause(struct stream *stream, bool is_paused)
{
	struct socket_stream *self = socket_of(stream);

	if (self->is_paused == is_paused)
		return;
	self->is_paused = is_paused;
	if (self->is_ended)
		return;
	if (is_paused)
		event_del(self->readable);
	else
		event_add(self->readable, NULL);
}

static void
socket_finish(struct stream *stream)
{
	shutdown(socket_of(stream)->fd, SHUT_WR);
}

/*
 * A peer that sent a reset never acknowledges anything, so do not wait for it.
 */
static bool
socket_is_drained(struct stream *stream)
{
	struct pollfd errors = { .fd = socket_of(stream)->fd };
	int queued = 0;

	poll(&errors, 1, 0);
	return (errors.revents & POLLERR) != 0 ||
	    ioctl(errors.fd, SIOCOUTQ, &queued) != 0 || queued == 0;
}

static void
socket_expect_by(struct stream *stream, int64_t by_ms)
{
	(void)stream, (void)by_ms;
}

static bool
socket_was_heard(struct stream *stream, int64_t since_ms)
{
	(void)stream, (void)since_ms;
	return true;
}

static void
socket_name_silent(struct stream *stream, int64_t since_ms, struct fault *fault)
{
	(void)stream, (void)since_ms, (void)fault;
}

static void
socket_fault(struct stream *stream, struct fault *fault)
{
	struct socket_stream *self = socket_of(stream);

	if (self->lost_errno != 0)
		fault_note(fault, "%s", strerror(self->lost_errno));
}

static void
socket_close(struct stream *stream, bool with_reset)
{
	struct socket_stream *self = socket_of(stream);
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	event_free(self->readable);
	event_free(self->writable);
	if (with_reset)
		setsockopt(self->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(self->fd);
	free(self);
}

/* Watch the socket from now on, and call its user once in any case. */
static void
socket_listen(struct stream *stream)
{
	struct socket_stream *self = socket_of(stream);

	if (!self->is_paused && !self->is_ended)
		event_add(self->readable, NULL);
	event_active(self->writable, EV_WRITE, 0);
}

static const struct stream_ops socket_ops = {
	.listen = socket_listen,
	.read = socket_read,
	.write = socket_write,
	.credit = socket_credit,
	.pause = socket_pause,
	.finish = socket_finish,
	.is_drained = socket_is_drained,
	.expect_by = socket_expect_by,
	.was_heard = socket_was_heard,
	.name_silent = socket_name_silent,
	.fault = socket_fault,
	.close = socket_close,
};

struct stream *
socket_stream_open(struct event_base *base, int take_fd)
{
	struct socket_stream *self = xcalloc(1, sizeof *self);
	const int on = 1, unsent_max = UNSENT_MAX;

	evutil_make_socket_nonblocking(take_fd);
	/* Both calls fail on a Unix socket, which needs neither. */
	setsockopt(take_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(take_fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_max,
	    sizeof unsent_max);
	self->stream.ops = &socket_ops;
	self->stream.park_max = PARK_MAX;
	self->fd = take_fd;
	self->may_have_bytes = true;
	self->readable = loop_event(base, take_fd, EV_READ | EV_PERSIST,
	    on_event, self);
	self->writable = loop_event(base, take_fd, EV_WRITE, on_event, self);
	return &self->stream;
}

int
socket_stream_fd(const struct stream *stream)
{
	assert(stream->ops == &socket_ops);
	return ((const struct socket_stream *)stream)->fd;
}
