/* SPDX-License-Identifier: PostgreSQL */

/*
 * Little is held here: what one read of the raw stream brought, and what one
 * write made until the raw stream takes it.  A peer that ends without TLS's
 * close_notify ends like any other, since the framing of PostgreSQL tells
 * whether something is missing.
 */
#include "tls/stream.h"

#include <assert.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/stream.h"
#include "base/xmalloc.h"
#include "tls/tls.h"

/* A record of TLS and what it adds to its data (RFC 8446, 5.2). */
#define READ_MAX  (16384 + 261)
#define WRITE_MAX ((size_t)64 * 1024)
/* One write and the answers of TLS itself may leave this much unsent. */
#define UNSENT_MAX (2 * WRITE_MAX)

struct tls_stream {
	struct stream stream;
	struct stream *raw;
	struct tls *tls;
	void (*explain)(const struct tls *, struct fault *);
	bool is_up, is_failed, is_ended; /* the state of TLS */
	bool has_raw_ended, is_raw_lost; /* is_raw_lost: in either direction */
	bool is_finishing, is_finished;
	/*
	 * Bytes read but not yet credited, of the raw stream and of this one.
	 */
	size_t raw_due, due;
};

static const struct stream_ops ops;

static struct tls_stream *
tls_of(struct stream *stream)
{
	assert(stream->ops == &ops);
	return (struct tls_stream *)stream;
}

/* --- The raw stream ------------------------------------------------------- */

/* Send the output of TLS; true when nothing is left. */
static bool
flush(struct tls_stream *self)
{
	const void *bytes;
	ssize_t taken;
	size_t len;

	while ((len = tls_output(self->tls, &bytes)) > 0) {
		taken = stream_write(self->raw, bytes, len);
		self->is_raw_lost |= taken == STREAM_LOST;
		if (taken < 0)
			return false;
		tls_output_sent(self->tls, (size_t)taken);
	}
	if (self->is_finishing && !self->is_finished) {
		self->is_finished = true;
		stream_finish(self->raw);
	}
	return true;
}

/*
 * Send what exceeds the bound.  False: the peer requests answers of TLS, such
 * as to KeyUpdate (RFC 8446, 4.6.3), but does not read them.
 */
static bool
flush_excess(struct tls_stream *self)
{
	const void *bytes;

	return tls_output(self->tls, &bytes) <= UNSENT_MAX || flush(self);
}

/* Read more of the raw stream; false when there is none now. */
static bool
fill(struct tls_stream *self)
{
	unsigned char bytes[READ_MAX];
	ssize_t got;

	self->is_raw_lost |= !flush_excess(self);
	if (self->has_raw_ended || self->is_raw_lost)
		return false;
	got = stream_read(self->raw, bytes, sizeof bytes);
	self->has_raw_ended |= got == STREAM_END;
	self->is_raw_lost |= got == STREAM_LOST;
	if (got <= 0)
		return false;
	tls_feed(self->tls, bytes, (size_t)got);
	self->raw_due += (size_t)got;
	return true;
}

static void
give_back(struct tls_stream *self, size_t len)
{
	if (len == 0)
		return;
	self->raw_due -= len;
	stream_credit(self->raw, len);
}

/* --- TLS ------------------------------------------------------------------ */

/* Go on with the handshake; true once it is done. */
static bool
shake(struct tls_stream *self)
{
	enum tls_status status = TLS_WAIT;

	if (self->is_up || self->is_failed)
		return self->is_up;
	do {
		status = tls_handshake(self->tls);
	} while (status == TLS_WAIT && fill(self));
	self->is_up = status == TLS_READY;
	self->is_failed = status == TLS_FAILED;
	flush(self);
	return self->is_up;
}

/* Why there is nothing to read. */
static ssize_t
nothing(struct tls_stream *self)
{
	if (self->due == 0)
		give_back(self, self->raw_due);
	if (self->is_failed || self->is_raw_lost)
		return STREAM_LOST;
	return self->is_ended || self->has_raw_ended ? STREAM_END : STREAM_WAIT;
}

/* One read of TLS: a count, or 0 when there is nothing now. */
static size_t
decipher(struct tls_stream *self, unsigned char *buf, size_t len)
{
	ssize_t got;

	do {
		got = tls_read(self->tls, buf, len);
	} while (got == TLS_READ_WAIT && fill(self));
	self->is_ended |= got == TLS_READ_END;
	self->is_failed |= got == TLS_READ_FAILED;
	return got > 0 ? (size_t)got : 0;
}

/* Read as much as there is: bytes that stayed in TLS would wake no one. */
static ssize_t
on_read(struct stream *stream, void *buf, size_t len)
{
	struct tls_stream *self = tls_of(stream);
	size_t used = 0, got;

	flush(self);
	if (!shake(self))
		return nothing(self);
	while (used < len && !self->is_ended && !self->is_failed &&
	    (got = decipher(self, (unsigned char *)buf + used, len - used)) > 0)
		used += got;
	flush(self);
	self->due += used;
	return used > 0 ? (ssize_t)used : nothing(self);
}

static ssize_t
on_write(struct stream *stream, const void *buf, size_t len)
{
	struct tls_stream *self = tls_of(stream);
	size_t taken = len < WRITE_MAX ? len : WRITE_MAX;

	if (!shake(self) || !flush(self))
		return self->is_failed || self->is_raw_lost ? STREAM_LOST
							    : STREAM_WAIT;
	tls_write(self->tls, buf, taken);
	flush(self);
	return (ssize_t)taken;
}

/*
 * Credit as many raw bytes as plain ones; the TLS overhead is credited when all
 * plain bytes are.
 */
static void
on_credit(struct stream *stream, size_t len)
{
	struct tls_stream *self = tls_of(stream);

	assert(len <= self->due);
	self->due -= len;
	give_back(self,
	    self->due == 0 || len > self->raw_due ? self->raw_due : len);
}

/* --- What is the raw stream's --------------------------------------------- */

/* Flush first: the user may have nothing to write, but TLS may. */
static void
on_ready(void *arg)
{
	struct tls_stream *self = arg;

	flush(self);
	if (self->stream.on_ready != NULL)
		self->stream.on_ready(self->stream.arg);
}

static void
on_listen(struct stream *stream)
{
	struct tls_stream *self = tls_of(stream);

	stream_listen(self->raw, on_ready, self);
}

static void
on_pause(struct stream *stream, bool is_paused)
{
	stream_pause(tls_of(stream)->raw, is_paused);
}

static void
on_finish(struct stream *stream)
{
	struct tls_stream *self = tls_of(stream);

	if (self->is_up)
		tls_finish(self->tls);
	self->is_finishing = true;
	flush(self);
}

static bool
on_is_drained(struct stream *stream)
{
	struct tls_stream *self = tls_of(stream);

	return (flush(self) || self->is_raw_lost) &&
	    stream_is_drained(self->raw);
}

static void
on_await(struct stream *stream, int64_t by_ms)
{
	stream_expect_by(tls_of(stream)->raw, by_ms);
}

static bool
on_was_heard(struct stream *stream, int64_t since_ms)
{
	return stream_was_heard(tls_of(stream)->raw, since_ms);
}

static void
on_name_silent(struct stream *stream, int64_t since_ms, struct fault *fault)
{
	stream_name_silent(tls_of(stream)->raw, since_ms, fault);
}

static void
on_fault(struct stream *stream, struct fault *fault)
{
	struct tls_stream *self = tls_of(stream);

	if (!self->is_failed)
		stream_fault(self->raw, fault);
	else if (self->explain != NULL)
		self->explain(self->tls, fault);
	else
		fault_note(fault, "%s", tls_words(self->tls));
}

static void
on_close(struct stream *stream, bool is_reset)
{
	struct tls_stream *self = tls_of(stream);

	stream_close(self->raw, is_reset);
	tls_free(self->tls);
	free(self);
}

static const struct stream_ops ops = {
	.listen = on_listen,
	.read = on_read,
	.write = on_write,
	.credit = on_credit,
	.pause = on_pause,
	.finish = on_finish,
	.is_drained = on_is_drained,
	.expect_by = on_await,
	.was_heard = on_was_heard,
	.name_silent = on_name_silent,
	.fault = on_fault,
	.close = on_close,
};

/* --- Life ----------------------------------------------------------------- */

struct stream *
tls_stream_new(struct stream *take_raw, struct tls *take_tls,
    void (*explain)(const struct tls *, struct fault *))
{
	struct tls_stream *self = xcalloc(1, sizeof *self);

	self->stream.ops = &ops;
	self->stream.park_max = take_raw->park_max;
	self->stream.software = take_raw->software;
	self->raw = take_raw;
	self->tls = take_tls;
	self->explain = explain;
	stream_listen(&self->stream, take_raw->on_ready, take_raw->arg);
	return &self->stream;
}

const char *
tls_stream_words(const struct stream *stream)
{
	assert(stream->ops == &ops);
	return tls_words(((const struct tls_stream *)stream)->tls);
}

bool
tls_stream_is_one_certificate(const struct stream *client,
    const struct stream *database)
{
	assert(client->ops == &ops && database->ops == &ops);
	return tls_is_one_certificate(((const struct tls_stream *)client)->tls,
	    ((const struct tls_stream *)database)->tls);
}
