/* SPDX-License-Identifier: PostgreSQL */

/*
 * A libssh2 channel as a stream.  It is opened with window 0, and no read asks
 * for more than the window holds, so that libssh2 never grants by itself:
 *
 *	window = still granted + kept (its user has not read it)
 *	    + held (read, client has not taken it) + owed
 *
 * owed is granted again a quarter at a time.  The window starts small, so that
 * a bulk download does not queue in front of its neighbours.  It grows to the
 * bandwidth-delay product while the client keeps up.
 *
 * Bytes that wait in libssh2 slow down every channel of the session.  So each
 * turn takes all of them: for the user, to be kept until the user reads, or to
 * be dropped once the channel is closed.  libssh2 drops extended data, which no
 * forward has.
 */
#include "ssh/channel.h"

#include <assert.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "ssh/carrier.h"
#include "ssh/transport.h"

/*
 * The first does not delay other channels.  The second fills 1 Gbit/s at a
 * round trip of 130 ms; pgjump may have to hold as much for a client.
 */
#define WINDOW_MIN ((uint32_t)256 << 10)
#define WINDOW_MAX ((uint32_t)16 << 20)

/* On a shorter round trip a larger window gains nothing. */
#define RTT_FLOOR_US 200

/*
 * A conversation that ends does so within this time of its last byte.  An end
 * after a longer silence may be a time-out of the jump box.
 */
#define STILL_MS 500

static struct ssh_channel *
channel_of(struct stream *stream)
{
	return (struct ssh_channel *)stream;
}

/* Without this the loop would go to sleep before the link has its turn. */
static void
want_turn(struct ssh_channel *channel)
{
	event_active(channel->host->turn, EV_TIMEOUT, 0);
}

/*
 * Grow the window to twice what came in the last round trip, while the client
 * takes what comes.  `len` was not offered to it yet, so it does not count as
 * held.  The difference is granted at once.
 */
static void
tune_window(struct ssh_channel *channel, size_t len)
{
	int64_t rtt_us = channel->host->rtt_us, elapsed_us;
	uint64_t want;

	if (rtt_us == 0)
		return;
	if (rtt_us < RTT_FLOOR_US)
		rtt_us = RTT_FLOOR_US;
	channel->period_bytes += len;
	elapsed_us = clock_us() - channel->period_us;
	if (elapsed_us < rtt_us)
		return;
	want = 2 * channel->period_bytes * (uint64_t)rtt_us /
	    (uint64_t)elapsed_us;
	if (want > WINDOW_MAX)
		want = WINDOW_MAX;
	if (want > channel->window && channel->held <= channel->window / 4) {
		channel->owed += (uint32_t)want - channel->window;
		channel->window = (uint32_t)want;
	}
	channel->period_bytes = 0;
	channel->period_us = clock_us();
}

/*
 * Grant what is owed.  During a key exchange libssh2 answers EAGAIN and keeps
 * the packet it has built, but then counts the amount of the repeated call.  So
 * the amount stays the same until it is sent.
 */
static void
grant(struct ssh_channel *channel)
{
	if (channel->granting == 0)
		channel->granting = channel->owed;
	if (libssh2_channel_receive_window_adjust2(channel->channel,
		channel->granting, 1, NULL) == LIBSSH2_ERROR_EAGAIN)
		return;
	channel->owed -= channel->granting;
	channel->granting = 0;
}

static void
grant_if_due(struct ssh_channel *channel)
{
	if (!channel->host->is_lost &&
	    (channel->granting > 0 || channel->owed >= channel->window / 4))
		grant(channel);
}

/* How many bytes libssh2 holds for this channel. */
static unsigned long
waiting_len(const struct ssh_channel *channel)
{
	unsigned long len;

	libssh2_channel_window_read_ex(channel->channel, &len, NULL);
	return len;
}

/*
 * Call this only when no bytes wait.  libssh2_channel_eof() misses an end
 * behind an empty packet.  libssh2_channel_wait_eof() finds it, but costs ten
 * times as much and reads from the socket: the end may come with last bytes,
 * which go first.
 */
static bool
is_at_end(const struct ssh_channel *channel)
{
	return libssh2_channel_eof(channel->channel) == 1 ||
	    (channel->host->holds_unread &&
		libssh2_channel_wait_eof(channel->channel) == 0 &&
		waiting_len(channel) == 0);
}

/*
 * Whether the jump box ended the channel, not the database.  sshd closes both
 * ways at once when its ChannelTimeout has passed.  When the database ends,
 * sshd and dropbear keep the other way open until a write fails.
 */
static bool
is_timed_out(const struct ssh_channel *channel)
{
	return !channel->host->is_lost && !channel->is_finished &&
	    clock_ms() - channel->moved_ms >= STILL_MS &&
	    libssh2_channel_wait_closed(channel->channel) == 0;
}

static ssize_t
at_last(struct ssh_channel *channel)
{
	channel->has_timed_out = channel->has_timed_out ||
	    is_timed_out(channel);
	return channel->has_timed_out ? STREAM_LOST : STREAM_END;
}

/*
 * Take bytes from libssh2: a count, 0 when none wait, -1 when it gives none
 * now.
 */
static ssize_t
take(struct ssh_channel *channel, void *buf, size_t len)
{
	unsigned long available, window;
	ssize_t got;

	window = libssh2_channel_window_read_ex(channel->channel, &available,
	    NULL);
	if (available == 0)
		return 0;
	/* Asking for more than the window makes libssh2 grant by itself. */
	if (len > window)
		len = window;
	got = libssh2_channel_read(channel->channel, buf, len);
	return got > 0 ? got : -1;
}

/* Take bytes from what was kept. */
static ssize_t
take_kept(struct ssh_channel *channel, void *buf, size_t len)
{
	int got;

	if (channel->kept == NULL)
		return 0;
	got = evbuffer_remove(channel->kept, buf, len);
	if (evbuffer_get_length(channel->kept) == 0) {
		evbuffer_free(channel->kept);
		channel->kept = NULL;
	}
	return got;
}

static void
keep(struct ssh_channel *channel, const void *bytes, size_t len)
{
	int rc;

	if (channel->kept == NULL)
		channel->kept = evbuffer_new();
	rc = evbuffer_add(channel->kept, bytes, len);
	assert(rc == 0);
}

/* Take what the user has left in libssh2. */
static void
empty(struct ssh_channel *channel)
{
	char bytes[16384];
	ssize_t len;

	while ((len = take(channel, bytes, sizeof bytes)) > 0)
		if (!channel->is_closing)
			keep(channel, bytes, (size_t)len);
}

static ssize_t
on_read(struct stream *stream, void *buf, size_t len)
{
	struct ssh_channel *channel = channel_of(stream);
	ssize_t got = take_kept(channel, buf, len);

	if (got == 0)
		got = take(channel, buf, len);
	if (got == 0 && is_at_end(channel))
		return at_last(channel);
	if (got <= 0)
		return channel->host->is_lost ? STREAM_LOST : STREAM_WAIT;
	channel->moved_ms = clock_ms();
	tune_window(channel, (size_t)got);
	channel->held += (uint32_t)got;
	return got;
}

/*
 * Bytes that the far side can no longer take count as written, as on a socket
 * whose peer has closed.  Reading tells the end.
 */
static ssize_t
on_write(struct stream *stream, const void *buf, size_t len)
{
	struct ssh_channel *channel = channel_of(stream);
	ssize_t taken;

	if (channel->host->is_lost)
		return STREAM_LOST;
	channel->is_blocked = true;
	if (ssh_transport_pending(channel->host->transport) >=
	    SSH_CHANNEL_OUTPUT_MAX) {
		channel->host->is_full = true;
		return STREAM_WAIT;
	}
	taken = libssh2_channel_write(channel->channel, buf, len);
	if (taken == LIBSSH2_ERROR_EAGAIN || taken == 0)
		return STREAM_WAIT;
	channel->is_blocked = false;
	channel->moved_ms = clock_ms();
	return taken > 0 ? taken : (ssize_t)len;
}

static void
on_credit(struct stream *stream, size_t len)
{
	struct ssh_channel *channel = channel_of(stream);

	channel->held -= (uint32_t)len;
	channel->owed += (uint32_t)len;
	grant_if_due(channel);
}

static void
on_pause(struct stream *stream, bool is_paused)
{
	(void)stream, (void)is_paused; /* the window is the bound */
}

static void
send_eof(struct ssh_channel *channel)
{
	if (channel->is_finishing && !channel->host->is_lost)
		channel->is_finishing = libssh2_channel_send_eof(
					    channel->channel) ==
		    LIBSSH2_ERROR_EAGAIN;
}

static void
on_finish(struct stream *stream)
{
	struct ssh_channel *channel = channel_of(stream);

	/* AsyncSSH ends the session on a second EOF. */
	if (channel->is_finished)
		return;
	channel->is_finishing = channel->is_finished = true;
	send_eof(channel);
	want_turn(channel);
}

static bool
on_is_drained(struct stream *stream)
{
	struct ssh_channel *channel = channel_of(stream);

	return !channel->is_finishing &&
	    ssh_transport_pending(channel->host->transport) == 0;
}

/* Only the link knows how to ask: its slot may be taken. */
static void
on_await(struct stream *stream, int64_t by_ms)
{
	struct ssh_channel_host *host = channel_of(stream)->host;

	ssh_pulse_await(&host->pulse, by_ms);
	event_active(host->turn, EV_TIMEOUT, 0);
}

static bool
on_was_heard(struct stream *stream, int64_t since_ms)
{
	return ssh_transport_received_ms(channel_of(stream)->host->transport) >=
	    since_ms;
}

static void
on_name_silent(struct stream *stream, int64_t since_ms, struct fault *fault)
{
	fault_name_as(fault,
	    ssh_carrier_silent(channel_of(stream)->host, since_ms));
}

static void
on_fault(struct stream *stream, struct fault *fault)
{
	struct ssh_channel *channel = channel_of(stream);
	const struct fault *cause = &channel->host->fault;

	if (channel->has_timed_out)
		fault_set(fault, FAIL_FORWARD_CLOSED, "%s",
		    clock_text(clock_ms() - channel->moved_ms).text);
	if (cause->code == FAIL_NONE)
		return;
	fault_set(fault, cause->code, "%s", cause->words);
	fault_name_as(fault, cause);
	fault_name(fault, NULL, NULL, cause->database);
	fault_software(fault, cause->software);
	if (cause->detail[0] != '\0')
		fault_note(fault, "%s", cause->detail);
}

static void
on_close(struct stream *stream, bool is_reset)
{
	struct ssh_channel *channel = channel_of(stream);

	(void)is_reset; /* SSH has no reset: sshd closes its socket normally */
	channel->is_closing = true;
	want_turn(channel);
}

static void
on_listen(struct stream *stream)
{
	struct ssh_channel *channel = channel_of(stream);

	channel->owes_ready = true;
	want_turn(channel);
}

static const struct stream_ops channel_ops = {
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

const struct ssh_channel_host *
ssh_channel_shared(const struct stream *stream)
{
	assert(stream->ops == &channel_ops);
	return ((const struct ssh_channel *)stream)->host;
}

struct ssh_channel *
ssh_channel_new(LIBSSH2_CHANNEL *take, struct ssh_channel_host *host)
{
	struct ssh_channel *channel = xcalloc(1, sizeof *channel);

	channel->stream.ops = &channel_ops;
	channel->stream.park_max = WINDOW_MAX;
	channel->stream.software = host->software;
	channel->channel = take;
	channel->host = host;
	channel->window = WINDOW_MIN;
	channel->owed = WINDOW_MIN;
	channel->period_us = clock_us();
	channel->moved_ms = clock_ms();
	libssh2_channel_handle_extended_data2(take,
	    LIBSSH2_CHANNEL_EXTENDED_DATA_IGNORE);
	grant(channel);
	return channel;
}

/*
 * While the jump box grants nothing, every write is in vain.  With many waiting
 * channels, each turn of their neighbours would pay for the attempts.
 */
static bool
may_write(const struct ssh_channel *channel)
{
	return channel->is_blocked &&
	    libssh2_channel_window_write(channel->channel) > 0;
}

static bool
is_ready(struct ssh_channel *channel)
{
	return channel->owes_ready || channel->host->is_lost ||
	    channel->kept != NULL || may_write(channel) ||
	    waiting_len(channel) > 0 || is_at_end(channel);
}

void
ssh_channel_pump(struct ssh_channel *channel)
{
	send_eof(channel);
	grant_if_due(channel);
	if (channel->stream.on_ready != NULL && is_ready(channel)) {
		channel->owes_ready = false;
		channel->stream.on_ready(channel->stream.arg);
	}
	empty(channel);
}

void
ssh_channel_grant(struct ssh_channel *channel)
{
	if (!channel->host->is_lost &&
	    (channel->granting > 0 || channel->owed > 0))
		grant(channel);
}

bool
ssh_channel_free(struct ssh_channel *channel)
{
	channel->is_closing = true;
	empty(channel);
	if (libssh2_channel_free(channel->channel) == LIBSSH2_ERROR_EAGAIN)
		return false;
	ssh_channel_forget(channel);
	return true;
}

void
ssh_channel_forget(struct ssh_channel *channel)
{
	if (channel->kept != NULL)
		evbuffer_free(channel->kept);
	free(channel);
}
