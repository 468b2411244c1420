/* SPDX-License-Identifier: PostgreSQL */

/*
 * The calls of a stream, each handed on to the kind of stream that it is.
 */
#include "base/stream.h"

#include <assert.h>

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
stream_pause(struct stream *stream, bool is_paused)
{
	stream->ops->pause(stream, is_paused);
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
	stream->ops->expect_by(stream, by_ms);
}

bool
stream_was_heard(struct stream *stream, int64_t since_ms)
{
	return stream->ops->was_heard(stream, since_ms);
}

void
stream_name_silent(struct stream *stream, int64_t since_ms, struct fault *fault)
{
	stream->ops->name_silent(stream, since_ms, fault);
}

void
stream_fault(struct stream *stream, struct fault *fault)
{
	stream->ops->fault(stream, fault);
}

void
stream_close(struct stream *stream, bool with_reset)
{
	if (stream != NULL)
		stream->ops->close(stream, with_reset);
}
