/* SPDX-License-Identifier: PostgreSQL */

/*
 * The states of telling a client.  Read its packets, through TLS where it asks
 * for that, until pgjump knows what the client can read.  Wait for the brake.
 * Send the text and half-close.  Then read on until the client closes: bytes
 * left unread would turn our close into an RST, which overtakes the text.
 */
#include "client/refusal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/stream.h"
#include "base/xmalloc.h"
#include "client/last_words.h"
#include "pg/pgwire.h"
#include "tls/identity.h"
#include "tls/tls.h"

/*
 * Time for a client to show what it can read and to take the text: several
 * round trips of a slow handshake, but no shelter for a client that stalls.
 */
#define TOTAL_MS 10000
#define STOP_MS  1000 /* the same when pgjump stops, which must be soon */
#define DRAIN_MS 2000 /* for the client to close once it has the text */
#define READ_MAX 4096 /* more than most clients send before their session */
#define TURN_MAX (16 * READ_MAX) /* bytes before other clients have a turn */

enum state {
	READING,     /* packets, until one shows what the client can read */
	HANDSHAKING, /* the client's part of the TLS handshake is awaited */
	BRAKING,     /* the brake of the gate delays the answer */
	SAYING,      /* the text is being sent */
	DRAINING,    /* the client has the text, and has to close */
	DONE,
};

struct refusal {
	struct stream *client;
	struct tls_identity *identity;
	enum state state;
	bool is_at_once, is_told, has_ended, is_lost;
	bool has_asked_gssenc;
	int64_t answer_at_ms, deadline_ms;
	struct tls *tls; /* NULL: in the clear */
	unsigned char in[PGWIRE_PACKET_MAX];
	size_t in_len;
	unsigned char out[LAST_WORDS_MAX + 2]; /* to be sent in the clear */
	size_t out_len, out_sent;
	unsigned char text[LAST_WORDS_MAX];
	size_t text_len;
	const char *words;
};

static const char http_text[] =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Type: text/plain\r\n"
    "Connection: close\r\n"
    "\r\n"
    "pgjump: this port serves PostgreSQL clients only\n";

/* --- Bytes ---------------------------------------------------------------- */

static void
put(struct refusal *refusal, const void *bytes, size_t len)
{
	assert(refusal->out_len + len <= sizeof refusal->out);
	memcpy(refusal->out + refusal->out_len, bytes, len);
	refusal->out_len += len;
}

/* Returns how many bytes the client's stream took. */
static size_t
write_out(struct refusal *refusal, const unsigned char *bytes, size_t len)
{
	size_t sent = 0;

	while (sent < len) {
		ssize_t taken = stream_write(refusal->client, bytes + sent,
		    len - sent);

		refusal->is_lost |= taken == STREAM_LOST;
		if (taken < 0)
			break;
		sent += (size_t)taken;
	}
	return sent;
}

/* True when nothing is left to send. */
static bool
flush(struct refusal *refusal)
{
	const void *bytes;
	size_t len, sent;

	refusal->out_sent += write_out(refusal,
	    refusal->out + refusal->out_sent,
	    refusal->out_len - refusal->out_sent);
	if (refusal->out_sent < refusal->out_len)
		return false;
	if (refusal->tls == NULL)
		return true;
	len = tls_output(refusal->tls, &bytes);
	sent = write_out(refusal, bytes, len);
	tls_output_sent(refusal->tls, sent);
	/* The client makes TLS answer, by KeyUpdate say, and reads nothing. */
	refusal->is_lost |= len - sent > TURN_MAX;
	return sent == len;
}

/* Keep bytes of the client, or give them to TLS. */
static void
take(struct refusal *refusal, const unsigned char *bytes, size_t len)
{
	if (refusal->tls != NULL) {
		tls_feed(refusal->tls, bytes, len);
		return;
	}
	memcpy(refusal->in + refusal->in_len, bytes, len);
	refusal->in_len += len;
}

static void
receive(struct refusal *refusal)
{
	unsigned char bytes[READ_MAX];
	size_t room, taken = 0;
	ssize_t got;

	while (taken < TURN_MAX && !refusal->has_ended) {
		room = refusal->tls != NULL
		    ? READ_MAX
		    : sizeof refusal->in - refusal->in_len;
		if (room == 0)
			return;
		got = stream_read(refusal->client, bytes,
		    room < READ_MAX ? room : READ_MAX);
		if (got == STREAM_WAIT)
			return;
		refusal->has_ended = got <= 0;
		refusal->is_lost |= got == STREAM_LOST;
		if (got > 0)
			take(refusal, bytes, (size_t)got);
		taken += got > 0 ? (size_t)got : 0;
	}
}

static void
consume(struct refusal *refusal, size_t len)
{
	refusal->in_len -= len;
	memmove(refusal->in, refusal->in + len, refusal->in_len);
}

/* --- Steps ---------------------------------------------------------------- */

static enum state
give_up(struct refusal *refusal, const char *words)
{
	refusal->words = words;
	return DONE;
}

/* The client's bytes are TLS from now on, those that are kept included. */
static enum state
begin_tls(struct refusal *refusal, bool is_direct)
{
	refusal->tls = tls_identity_accept(refusal->identity, is_direct);
	tls_feed(refusal->tls, refusal->in, refusal->in_len);
	refusal->in_len = 0;
	return HANDSHAKING;
}

static enum state reading(struct refusal *);

static enum state
on_gssenc(struct refusal *refusal, const struct pgwire_packet *packet)
{
	if (refusal->has_asked_gssenc || refusal->tls != NULL)
		return give_up(refusal, "client repeated its GSSENCRequest");
	refusal->has_asked_gssenc = true;
	consume(refusal, packet->len);
	put(refusal, "N", 1);
	return reading(refusal); /* the next packet may be here already */
}

static enum state
on_ssl(struct refusal *refusal, const struct pgwire_packet *packet)
{
	if (refusal->tls != NULL)
		return give_up(refusal, "client repeated its SSLRequest");
	consume(refusal, packet->len);
	put(refusal, "S", 1);
	return begin_tls(refusal, false);
}

static enum state
on_hello(struct refusal *refusal, const struct pgwire_packet *packet)
{
	(void)packet;
	if (refusal->tls != NULL)
		return give_up(refusal, "client began TLS within TLS");
	return begin_tls(refusal, true);
}

static enum state
on_startup(struct refusal *refusal, const struct pgwire_packet *packet)
{
	(void)refusal, (void)packet;
	return BRAKING;
}

static enum state
on_http(struct refusal *refusal, const struct pgwire_packet *packet)
{
	(void)packet;
	refusal->text_len = sizeof http_text - 1;
	memcpy(refusal->text, http_text, refusal->text_len);
	return BRAKING;
}

/* The packet is of a kind that cannot be answered. */
static enum state
on_other(struct refusal *refusal, const struct pgwire_packet *packet)
{
	enum pgwire_kind kind = packet->kind;

	if (refusal->in_len == 0 || kind == PGWIRE_CANCEL_REQUEST)
		return give_up(refusal, "");
	if (kind == PGWIRE_MORE)
		return give_up(refusal, "client sent half a packet");
	if (kind == PGWIRE_FOREIGN)
		return give_up(refusal, "client does not speak PostgreSQL");
	return give_up(refusal, "client had asked for encryption");
}

static enum state
on_more(struct refusal *refusal, const struct pgwire_packet *packet)
{
	(void)packet;
	if (!refusal->has_ended)
		return READING;
	if (refusal->tls == NULL)
		return give_up(refusal,
		    "client closed before it could be told");
	if (tls_words(refusal->tls)[0] != '\0')
		return give_up(refusal, tls_words(refusal->tls));
	return give_up(refusal,
	    "client closed after the TLS handshake, it may verify certificates");
}

static enum state (*const on_packet[])(struct refusal *,
    const struct pgwire_packet *) = {
	[PGWIRE_MORE] = on_more,
	[PGWIRE_SSL_REQUEST] = on_ssl,
	[PGWIRE_GSSENC_REQUEST] = on_gssenc,
	[PGWIRE_CANCEL_REQUEST] = on_other,
	[PGWIRE_STARTUP] = on_startup,
	[PGWIRE_TLS] = on_hello,
	[PGWIRE_MALFORMED] = on_startup,
	[PGWIRE_HTTP] = on_http,
	[PGWIRE_FOREIGN] = on_other,
};

/* Move the plain bytes from TLS to where packets are read. */
static void
decipher(struct refusal *refusal)
{
	ssize_t got = 1;

	while (got > 0 && refusal->in_len < sizeof refusal->in) {
		got = tls_read(refusal->tls, refusal->in + refusal->in_len,
		    sizeof refusal->in - refusal->in_len);
		refusal->in_len += got > 0 ? (size_t)got : 0;
	}
	refusal->has_ended |= got == TLS_READ_END || got == TLS_READ_FAILED;
}

static enum state
reading(struct refusal *refusal)
{
	struct pgwire_packet packet;

	receive(refusal);
	if (refusal->tls != NULL)
		decipher(refusal);
	packet = pgwire_packet(refusal->in, refusal->in_len);
	if (refusal->is_at_once && packet.kind != PGWIRE_HTTP)
		return pgwire_can_read_error(refusal->in, refusal->in_len)
		    ? BRAKING
		    : on_other(refusal, &packet);
	return on_packet[packet.kind](refusal, &packet);
}

static enum state
handshaking(struct refusal *refusal)
{
	receive(refusal);
	switch (tls_handshake(refusal->tls)) {
	case TLS_READY:
		return READING;
	case TLS_FAILED: /* an alert may have to be sent */
		refusal->words = tls_words(refusal->tls);
		return SAYING;
	case TLS_WAIT:
		break;
	}
	if (refusal->has_ended)
		return give_up(refusal,
		    "client closed during the TLS handshake");
	if (refusal->is_at_once)
		return give_up(refusal, "client did not speak TLS");
	return HANDSHAKING;
}

static enum state
braking(struct refusal *refusal)
{
	if (clock_ms() < refusal->answer_at_ms)
		return BRAKING;
	refusal->is_told = true;
	if (refusal->tls == NULL) {
		put(refusal, refusal->text, refusal->text_len);
		return SAYING;
	}
	tls_write(refusal->tls, refusal->text, refusal->text_len);
	tls_finish(refusal->tls);
	return SAYING;
}

static enum state
saying(struct refusal *refusal)
{
	if (!flush(refusal))
		return SAYING;
	stream_finish(refusal->client);
	refusal->deadline_ms = clock_ms() + DRAIN_MS;
	return DRAINING;
}

static enum state
draining(struct refusal *refusal)
{
	unsigned char bytes[READ_MAX];
	size_t taken = 0;
	ssize_t got;

	do {
		got = stream_read(refusal->client, bytes, sizeof bytes);
		taken += got > 0 ? (size_t)got : 0;
	} while (got > 0 && taken < TURN_MAX);
	return got > 0 || got == STREAM_WAIT ? DRAINING : DONE;
}

#define TO(state) (1U << (state))

/* The diagram: each state, its step, where it may lead. */
static const struct {
	enum state (*step)(struct refusal *);
	unsigned arrows;
} states[] = {
	[READING] = { reading, TO(HANDSHAKING) | TO(BRAKING) | TO(DONE) },
	[HANDSHAKING] = { handshaking, TO(READING) | TO(SAYING) | TO(DONE) },
	[BRAKING] = { braking, TO(SAYING) | TO(DONE) },
	[SAYING] = { saying, TO(DRAINING) | TO(DONE) },
	[DRAINING] = { draining, TO(DONE) },
};

static bool
is_hopeless(struct refusal *refusal)
{
	if (clock_ms() < refusal->deadline_ms && !refusal->is_lost)
		return false;
	if (refusal->words == NULL)
		refusal->words = refusal->is_lost
		    ? "client's connection broke"
		    : "client did not read it in time";
	return true;
}

enum refusal_status
refusal_step(struct refusal *refusal)
{
	enum state before, next;

	do {
		before = refusal->state;
		if (before == DONE)
			break;
		next = states[before].step(refusal);
		flush(refusal);
		if (next == before && is_hopeless(refusal))
			next = DONE;
		assert(next == before || (states[before].arrows & TO(next)));
		refusal->state = next;
	} while (next != before);
	if (refusal->state != DONE)
		return REFUSAL_RUNNING;
	return refusal->is_told && !refusal->is_lost ? REFUSAL_TOLD
						     : REFUSAL_UNTOLD;
}

int64_t
refusal_wake_ms(const struct refusal *refusal)
{
	return refusal->state == BRAKING ? refusal->answer_at_ms
					 : refusal->deadline_ms;
}

const char *
refusal_words(const struct refusal *refusal)
{
	return refusal->words != NULL ? refusal->words : "";
}

/* --- Life ----------------------------------------------------------------- */

struct refusal *
refusal_new(const struct refusal_setup *setup)
{
	struct refusal *refusal = xcalloc(1, sizeof *refusal);

	assert(setup->kept_len <= sizeof refusal->in);
	refusal->client = setup->client;
	refusal->identity = setup->identity;
	refusal->is_at_once = setup->is_at_once;
	refusal->answer_at_ms = setup->answer_at_ms;
	refusal->deadline_ms = clock_ms() +
	    (setup->fault->code == FAIL_SHUTDOWN ? STOP_MS : TOTAL_MS);
	refusal->text_len = last_words_write(refusal->text, setup->fault,
	    &(const struct pgwire_session){ 0 });
	take(refusal, setup->kept, setup->kept_len);
	if (setup->is_in_tls)
		refusal->state = begin_tls(refusal, false);
	stream_pause(refusal->client, false);
	return refusal;
}

void
refusal_free(struct refusal *refusal)
{
	if (refusal == NULL)
		return;
	tls_free(refusal->tls);
	free(refusal);
}
