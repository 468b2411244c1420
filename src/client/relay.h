/* SPDX-License-Identifier: PostgreSQL */

/*
 * Moves bytes between a client and its database, both ways, exactly as they
 * came, half-closes included.  In the clear it follows the framing, so that the
 * caller knows what it may still say when one way ends.  It decides nothing: it
 * reports how a way ended, and carries out the farewell it is told.
 */
#ifndef PGJUMP_CLIENT_RELAY_H
#define PGJUMP_CLIENT_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pg/pgwire_session.h"

struct fault;
struct relay;
struct stream;

/* Bytes that each side has taken so far. */
struct relay_traffic {
	uint64_t to_database, to_client;
};

struct relay_setup {
	struct stream *take_client, *take_database;
	bool is_opaque; /* encrypted, or a cancel request: no framing */
	/*
	 * Borrowed.  Nothing in it outlives a call, so that all relays of a
	 * thread share it.
	 */
	void *scratch;
	size_t scratch_len;
	struct relay_traffic *traffic; /* borrowed; the relay adds to it */
};

struct relay *relay_new(const struct relay_setup *);

/* Closes both streams, the client's by RST with `is_reset`.  NULL is fine. */
void relay_free(struct relay *, bool is_reset);

/* Send bytes that the caller has read already; before the first pump. */
void relay_send_client(struct relay *, const void *bytes, size_t len);
void relay_send_database(struct relay *, const void *bytes, size_t len);

enum relay_status {
	RELAY_OPEN,
	RELAY_AGAIN,         /* this turn's share is used up: pump again */
	RELAY_CLIENT_LOST,   /* the client's socket broke */
	RELAY_DATABASE_LOST, /* the way broke; relay_fault() says how */
	/*
	 * It ended, but had not said FATAL and the client had not said
	 * Terminate; or it ended in the middle of TLS.
	 */
	RELAY_DATABASE_HUNG_UP,
	/*
	 * It ended as the protocol has it; the client has the end, and may
	 * still send.
	 */
	RELAY_DATABASE_ENDED,
	RELAY_ENDED, /* both sides have sent their last byte */
};

/* Move what can be moved.  Call whenever a stream is ready. */
enum relay_status relay_pump(struct relay *);

/* Where the session stands; PGWIRE_CUT where it is opaque. */
enum pgwire_moment relay_moment(const struct relay *);

/* NULL where it is opaque. */
const struct pgwire_session *relay_session(const struct relay *);

/* After RELAY_DATABASE_LOST: see stream_fault(). */
void relay_fault(struct relay *, struct fault *);

/*
 * After RELAY_DATABASE_LOST: drop what the client still sends.  RELAY_ENDED
 * once it has sent its last byte and got every byte that came for it, else
 * RELAY_CLIENT_LOST, RELAY_OPEN or, when this turn's share is used up,
 * RELAY_AGAIN.
 */
enum relay_status relay_await_client(struct relay *);

/*
 * Begin a farewell, one of the two; both close the database's stream.  After
 * relay_say() the client gets the bytes that were received, then `text`, which
 * is copied, then FIN.  After relay_cut() it gets the bytes that were received,
 * and the caller then asks relay_free() for the RST.
 */
void relay_say(struct relay *, const void *text, size_t len);
void relay_cut(struct relay *);

enum relay_farewell {
	RELAY_LEAVING, /* the client lacks bytes */
	RELAY_SAID,    /* the client has all, and has to close */
	RELAY_GONE,    /* the client has closed, or has all before the RST */
};

/*
 * Go on with a farewell, for as long as the caller sees fit.  Call it at
 * intervals, too, because a socket does not tell when all has arrived.
 */
enum relay_farewell relay_leave(struct relay *);

#endif
