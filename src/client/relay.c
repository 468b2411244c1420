/* SPDX-License-Identifier: PostgreSQL */

/*
 * The fast path reads from one stream and writes straight to the other.  Only
 * bytes that the far side does not take are parked, in memory that an idle
 * session gives back.  Towards the database one read at most is parked, and the
 * client is not read meanwhile.  Towards the client a socket is paused at
 * park_max.  A channel is bounded by its window and is always read, because
 * data that stays in libssh2 stalls the whole SSH session.
 */
#include "client/relay.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/stream.h"
#include "base/xmalloc.h"
#include "tls/records.h"

/* All that may be parked towards the database, since one read is. */
#define UP_READ_MAX (64 * 1024)
/*
 * Bytes per direction and turn: a few milliseconds of copying, after which the
 * other clients of the thread have their turn.
 */
#define TURN_MAX (2 * 1024 * 1024)

/* Bytes that the far side has not taken yet. */
struct parked {
	unsigned char *bytes;
	size_t start, len, size;
};

enum farewell {
	FAREWELL_NONE,
	FAREWELL_SAY,
	FAREWELL_CUT,
};

struct relay {
	struct stream *client, *database; /* database: NULL in a farewell */
	void *scratch;
	size_t scratch_len;
	struct relay_traffic *traffic;
	struct pgwire_session *session; /* NULL: opaque */
	struct tls_records records;     /* opaque: the database's */
	struct parked to_client, to_database;
	bool has_client_ended, is_client_lost;
	bool has_database_ended, is_database_lost, is_database_deaf;
	bool was_client_finished,
	    was_database_finished; /* our last byte was said */
	enum farewell farewell;
};

/* --- Parking -------------------------------------------------------------- */

static void
park(struct parked *parked, const unsigned char *bytes, size_t len)
{
	size_t need = parked->len + len;

	if (parked->start > 0 && parked->start + need > parked->size) {
		memmove(parked->bytes, parked->bytes + parked->start,
		    parked->len);
		parked->start = 0;
	}
	if (need > parked->size) {
		parked->size = need < 2 * parked->size ? 2 * parked->size
						       : need;
		parked->bytes = xreallocarray(parked->bytes, parked->size, 1);
	}
	memcpy(parked->bytes + parked->start + parked->len, bytes, len);
	parked->len = need;
}

static void
unpark(struct parked *parked, size_t len)
{
	assert(len <= parked->len);
	parked->start += len;
	parked->len -= len;
	if (parked->len > 0)
		return;
	free(parked->bytes);
	*parked = (struct parked){ 0 };
}

/* --- Writing -------------------------------------------------------------- */

/* Write until it is all taken (true) or the stream wants to wait. */
static bool
write_some(struct stream *stream, const unsigned char **bytes, size_t *len,
    bool *is_lost)
{
	while (*len > 0) {
		ssize_t taken = stream_write(stream, *bytes, *len);

		if (taken < 0) {
			*is_lost = *is_lost || taken == STREAM_LOST;
			return false;
		}
		*bytes += taken;
		*len -= (size_t)taken;
	}
	return true;
}

/* The client's socket took `len` bytes, so the database may send as many. */
static void
client_took(struct relay *relay, size_t len)
{
	relay->traffic->to_client += len;
	if (len > 0 && relay->database != NULL)
		stream_credit(relay->database, len);
}

static void
flush_client(struct relay *relay)
{
	const unsigned char *bytes = relay->to_client.bytes +
	    relay->to_client.start;
	size_t left = relay->to_client.len, sent;

	if (left == 0 || relay->is_client_lost)
		return;
	write_some(relay->client, &bytes, &left, &relay->is_client_lost);
	sent = relay->to_client.len - left;
	unpark(&relay->to_client, sent);
	client_took(relay, sent);
}

static void
deliver(struct relay *relay, const unsigned char *bytes, size_t len)
{
	size_t left = len;

	if (relay->to_client.len == 0 && !relay->is_client_lost)
		write_some(relay->client, &bytes, &left,
		    &relay->is_client_lost);
	if (left > 0)
		park(&relay->to_client, bytes, left);
	client_took(relay, len - left);
}

static void
flush_database(struct relay *relay)
{
	const unsigned char *bytes = relay->to_database.bytes +
	    relay->to_database.start;
	size_t left = relay->to_database.len;

	if (left == 0 || relay->is_database_deaf)
		return;
	write_some(relay->database, &bytes, &left, &relay->is_database_deaf);
	relay->traffic->to_database += relay->to_database.len - left;
	unpark(&relay->to_database, relay->to_database.len - left);
}

static void
submit(struct relay *relay, const unsigned char *bytes, size_t len)
{
	size_t left = len;

	if (relay->to_database.len == 0 && !relay->is_database_deaf)
		write_some(relay->database, &bytes, &left,
		    &relay->is_database_deaf);
	relay->traffic->to_database += len - left;
	if (left > 0)
		park(&relay->to_database, bytes, left);
}

void
relay_send_client(struct relay *relay, const void *bytes, size_t len)
{
	if (relay->session != NULL)
		pgwire_session_back(relay->session, bytes, len);
	else
		tls_records_follow(&relay->records, bytes, len);
	deliver(relay, bytes, len);
}

void
relay_send_database(struct relay *relay, const void *bytes, size_t len)
{
	if (relay->session != NULL)
		pgwire_session_front(relay->session, bytes, len);
	submit(relay, bytes, len);
}

/* --- Reading -------------------------------------------------------------- */

/* Read from the client; true when this turn's share is used up. */
static bool
pump_up(struct relay *relay)
{
	size_t moved = 0;
	ssize_t got;

	flush_database(relay);
	while (relay->to_database.len == 0 && !relay->has_client_ended &&
	    !relay->is_database_deaf) {
		if (moved >= TURN_MAX)
			return true;
		got = stream_read(relay->client, relay->scratch, UP_READ_MAX);
		if (got == STREAM_WAIT)
			break;
		relay->has_client_ended = got == STREAM_END;
		relay->is_client_lost |= got == STREAM_LOST;
		if (got <= 0)
			break;
		moved += (size_t)got;
		relay_send_database(relay, relay->scratch, (size_t)got);
	}
	stream_pause(relay->client,
	    relay->to_database.len > 0 || relay->is_database_deaf);
	return false;
}

/* Read from the database; true when this turn's share is used up. */
static bool
pump_down(struct relay *relay)
{
	const size_t park_max = relay->database->park_max;
	size_t moved = 0, room;
	ssize_t got;

	flush_client(relay);
	while (!relay->has_database_ended && !relay->is_database_lost &&
	    relay->to_client.len < park_max) {
		if (moved >= TURN_MAX)
			return true;
		room = park_max - relay->to_client.len;
		got = stream_read(relay->database, relay->scratch,
		    room < relay->scratch_len ? room : relay->scratch_len);
		if (got == STREAM_WAIT)
			break;
		relay->has_database_ended = got == STREAM_END;
		relay->is_database_lost = got == STREAM_LOST;
		if (got <= 0)
			break;
		moved += (size_t)got;
		relay_send_client(relay, relay->scratch, (size_t)got);
	}
	stream_pause(relay->database, relay->to_client.len >= park_max);
	return false;
}

/* --- Ends ----------------------------------------------------------------- */

/*
 * The database ended without notice: neither side had announced it, in the
 * clear or in TLS (close_notify), or a message was cut.  The client must be
 * told.
 */
static bool
is_hung_up(const struct relay *relay)
{
	enum pgwire_moment moment = relay_moment(relay);

	if (!relay->has_database_ended || relay->has_client_ended)
		return false;
	if (relay->session == NULL)
		return tls_records_are_cut(&relay->records);
	if (moment == PGWIRE_IDLE)
		return !relay->session->has_said_goodbye;
	return moment != PGWIRE_OVER;
}

/* Pass each end on, after all the bytes before it. */
static void
pass_ends(struct relay *relay)
{
	if (relay->has_client_ended && relay->to_database.len == 0 &&
	    !relay->was_database_finished) {
		relay->was_database_finished = true;
		stream_finish(relay->database);
	}
	if (relay->has_database_ended && relay->to_client.len == 0 &&
	    !relay->was_client_finished) {
		relay->was_client_finished = true;
		stream_finish(relay->client);
	}
}

/*
 * The client is read first, because a query in its socket makes the session
 * busy.
 */
enum relay_status
relay_pump(struct relay *relay)
{
	bool has_more;

	assert(relay->farewell == FAREWELL_NONE);
	has_more = pump_up(relay);
	has_more |= pump_down(relay);
	if (relay->is_client_lost)
		return RELAY_CLIENT_LOST;
	if (relay->is_database_lost)
		return RELAY_DATABASE_LOST;
	if (is_hung_up(relay))
		return RELAY_DATABASE_HUNG_UP;
	pass_ends(relay);
	if (has_more)
		return RELAY_AGAIN;
	if (!relay->was_client_finished)
		return RELAY_OPEN;
	return relay->was_database_finished ? RELAY_ENDED
					    : RELAY_DATABASE_ENDED;
}

enum pgwire_moment
relay_moment(const struct relay *relay)
{
	return relay->session != NULL ? pgwire_session_moment(relay->session)
				      : PGWIRE_CUT;
}

const struct pgwire_session *
relay_session(const struct relay *relay)
{
	return relay->session;
}

void
relay_fault(struct relay *relay, struct fault *fault)
{
	stream_fault(relay->database, fault);
}

enum relay_status
relay_await_client(struct relay *relay)
{
	ssize_t got = 1;

	stream_pause(relay->client, false);
	for (size_t moved = 0; got > 0 && !relay->has_client_ended;
	     moved += (size_t)got) {
		if (moved >= TURN_MAX)
			return RELAY_AGAIN;
		got = stream_read(relay->client, relay->scratch, UP_READ_MAX);
		relay->has_client_ended |= got == STREAM_END;
		relay->is_client_lost |= got == STREAM_LOST;
	}
	if (relay->is_client_lost)
		return RELAY_CLIENT_LOST;
	return relay->has_client_ended && relay->to_client.len == 0
	    ? RELAY_ENDED
	    : RELAY_OPEN;
}

/* --- The farewell --------------------------------------------------------- */

static void
begin_farewell(struct relay *relay, enum farewell farewell)
{
	assert(relay->farewell == FAREWELL_NONE);
	relay->farewell = farewell;
	stream_close(relay->database, false);
	relay->database = NULL;
}

void
relay_say(struct relay *relay, const void *text, size_t len)
{
	begin_farewell(relay, FAREWELL_SAY);
	if (len > 0 && !relay->was_client_finished)
		park(&relay->to_client, text, len);
	stream_pause(relay->client, false);
}

/*
 * The client is not read any more: on a Unix socket only unread bytes turn our
 * close into ECONNRESET.
 */
void
relay_cut(struct relay *relay)
{
	begin_farewell(relay, FAREWELL_CUT);
	stream_pause(relay->client, true);
}

/* Read and drop what the client still sends, one turn's share at most. */
static enum relay_farewell
discard(struct relay *relay)
{
	size_t taken = 0;
	ssize_t got;

	do {
		got = stream_read(relay->client, relay->scratch,
		    relay->scratch_len);
		taken += got > 0 ? (size_t)got : 0;
	} while (got > 0 && taken < TURN_MAX);
	return got > 0 || got == STREAM_WAIT ? RELAY_SAID : RELAY_GONE;
}

enum relay_farewell
relay_leave(struct relay *relay)
{
	assert(relay->farewell != FAREWELL_NONE);
	flush_client(relay);
	if (relay->is_client_lost)
		return RELAY_GONE;
	if (relay->to_client.len > 0)
		return RELAY_LEAVING;
	if (relay->farewell == FAREWELL_CUT)
		return stream_is_drained(relay->client) ? RELAY_GONE
							: RELAY_LEAVING;
	if (!relay->was_client_finished) {
		relay->was_client_finished = true;
		stream_finish(relay->client);
	}
	return discard(relay);
}

/* --- Life ----------------------------------------------------------------- */

struct relay *
relay_new(const struct relay_setup *setup)
{
	struct relay *relay = xcalloc(1, sizeof *relay);

	assert(setup->scratch_len >= UP_READ_MAX);
	relay->client = setup->take_client;
	relay->database = setup->take_database;
	relay->scratch = setup->scratch;
	relay->scratch_len = setup->scratch_len;
	relay->traffic = setup->traffic;
	if (!setup->is_opaque)
		relay->session = xcalloc(1, sizeof *relay->session);
	return relay;
}

void
relay_free(struct relay *relay, bool is_reset)
{
	if (relay == NULL)
		return;
	stream_close(relay->database, relay->is_client_lost);
	stream_close(relay->client, is_reset);
	free(relay->to_client.bytes);
	free(relay->to_database.bytes);
	free(relay->session);
	free(relay);
}
