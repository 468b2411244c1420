/* SPDX-License-Identifier: PostgreSQL */

/*
 * The calls that every stream answers, and the stream over a socket.  The
 * socket's kernel buffers are its bounds: nothing is held here.
 */
#include "base/stream.h"

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
#include "base/xmalloc.h"

#define SOCKET_PARK_MAX (256 * 1024)
/* Of bytes that its peer has no room for, the kernel takes so many: whoever
 * does not read is noticed, instead of filling megabytes first. */
#define UNSENT_MAX (128 * 1024)

struct socket_stream {
	struct stream stream;
	int fd;
	struct event *readable; /* persistent; not watched while paused, and
				 * not after the last byte */
	struct event *writable; /* once; also "soon" of stream_listen() */
	bool may_read;          /* not known to be empty */
	bool is_paused, is_ended;
	int lost_errno; /* 0: it works */
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
	self->may_read |= (what & EV_READ) != 0;
	if (self->stream.on_ready != NULL)
		self->stream.on_ready(self->stream.arg);
}

static bool
is_retry(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* What is broken or at its end stays readable for ever: watch it no more. */
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

/* What emptied the socket was the last read: more of it is an event. */
static ssize_t
socket_read(struct stream *stream, void *buf, size_t len)
{
	struct socket_stream *self = socket_of(stream);
	ssize_t got;

	if (!self->may_read)
		return STREAM_WAIT;
	got = recv(self->fd, buf, len, 0);
	if (got < 0 && !is_retry(errno))
		return lost(self, errno);
	self->may_read = got == 0 || got == (ssize_t)len;
	if (got != 0)
		return got > 0 ? got : STREAM_WAIT;
	stop_watching(self);
	return self->lost_errno != 0 ? STREAM_LOST : STREAM_END;
}

/* A failed write is not told as an end of reading: bytes may still wait. */
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
	(void)stream;
	(void)len;
}

static void
socket_pause(struct stream *stream, bool paused)
{
	struct socket_stream *self = socket_of(stream);

	if (self->is_paused == paused)
		return;
	self->is_paused = paused;
	if (self->is_ended)
		return;
	if (paused)
		event_del(self->readable);
	else
		event_add(self->readable, NULL);
}

static void
socket_finish(struct stream *stream)
{
	shutdown(socket_of(stream)->fd, SHUT_WR);
}

/* What was sent to a peer that reset is never acknowledged, nor awaited. */
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
socket_await(struct stream *stream, int64_t by_ms)
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
socket_fault(struct stream *stream, struct fault *fault)
{
	struct socket_stream *self = socket_of(stream);

	if (self->lost_errno != 0)
		fault_note(fault, "%s", strerror(self->lost_errno));
}

static void
socket_close(struct stream *stream, bool reset)
{
	struct socket_stream *self = socket_of(stream);
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	event_free(self->readable);
	event_free(self->writable);
	if (reset)
		setsockopt(self->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(self->fd);
	free(self);
}

/* A socket is watched from now on, and its user called once in any case. */
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
	.await = socket_await,
	.was_heard = socket_was_heard,
	.fault = socket_fault,
	.close = socket_close,
};

struct stream *
stream_socket(struct event_base *base, int take_fd)
{
	struct socket_stream *self = xcalloc(1, sizeof *self);
	const int on = 1, unsent_max = UNSENT_MAX;

	evutil_make_socket_nonblocking(take_fd);
	/* Both fail on a Unix socket, which needs neither. */
	setsockopt(take_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(take_fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_max,
	    sizeof unsent_max);
	self->stream.ops = &socket_ops;
	self->stream.park_max = SOCKET_PARK_MAX;
	self->fd = take_fd;
	self->may_read = true;
	self->readable = loop_event(base, take_fd, EV_READ | EV_PERSIST,
	    on_event, self);
	self->writable = loop_event(base, take_fd, EV_WRITE, on_event, self);
	return &self->stream;
}

int
stream_socket_fd(const struct stream *stream)
{
	assert(stream->ops == &socket_ops);
	return ((const struct socket_stream *)stream)->fd;
}

void
stream_listen(struct stream *stream, void (*on_ready)(void *arg), void *arg)
{
	stream->on_ready = on_ready;
	stream->arg = arg;
	if (stream->ops->listen != NULL)
		stream->ops->listen(stream);
}

ssize_t
stream_read(struct stream *stream, void *buf, size_t len)
{
	assert(len > 0);
	return stream->ops->read(stream, buf, len);
}

ssize_t
stream_write(struct stream *stream, const void *buf, size_t len)
{
	assert(len > 0);
	return stream->ops->write(stream, buf, len);
}

void
stream_credit(struct stream *stream, size_t len)
{
	stream->ops->credit(stream, len);
}

void
stream_pause(struct stream *stream, bool paused)
{
	stream->ops->pause(stream, paused);
}

void
stream_finish(struct stream *stream)
{
	stream->ops->finish(stream);
}

bool
stream_is_drained(struct stream *stream)
{
	return stream->ops->is_drained(stream);
}

void
stream_expect_by(struct stream *stream, int64_t by_ms)
{
	stream->ops->await(stream, by_ms);
}

bool
stream_was_heard(struct stream *stream, int64_t since_ms)
{
	return stream->ops->was_heard(stream, since_ms);
}

void
stream_fault(struct stream *stream, struct fault *fault)
{
	stream->ops->fault(stream, fault);
}

void
stream_close(struct stream *stream, bool reset)
{
	if (stream != NULL)
		stream->ops->close(stream, reset);
}
