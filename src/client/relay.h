/* SPDX-License-Identifier: PostgreSQL */

/*
 * Bytes both ways between a client and its database, exactly as they came,
 * half-closes included; in the clear the framing is followed, so that it is
 * known what may still be said when one way ends.  It decides nothing: it
 * reports how a way ended, and carries out a farewell.
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

/* Bytes that were taken over there, so far. */
struct relay_traffic {
	uint64_t to_database, to_client;
};

struct relay_setup {
	struct stream *take_client, *take_database;
	bool is_opaque; /* encrypted, or no session: nothing can be followed */
	/* Borrowed; shared by the relays of one thread, since nothing in it
	 * outlives a call. */
	void *scratch;
	size_t scratch_len;
	struct relay_traffic *traffic; /* borrowed; counted up */
};

struct relay *relay_new(const struct relay_setup *);

/* Closes both streams, the client's by RST with `is_reset`.  NULL is fine. */
void relay_free(struct relay *, bool is_reset);

/* Bytes the caller had read already; in order, before the first pump. */
void relay_send_client(struct relay *, const void *bytes, size_t len);
void relay_send_database(struct relay *, const void *bytes, size_t len);

enum relay_status {
	RELAY_OPEN,
	RELAY_AGAIN,            /* this turn's share is used up: pump again */
	RELAY_CLIENT_LOST,      /* its socket broke */
	RELAY_DATABASE_LOST,    /* relay_fault() says how */
	RELAY_DATABASE_HUNG_UP, /* ended without FATAL and unasked, or in the
				   middle of TLS */
	RELAY_DATABASE_ENDED, /* as agreed; the client was told and may go on */
	RELAY_ENDED,          /* both said their last byte */
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
 * The client had said its last byte and has got all that came for it, and what
 * it said cannot be read.
 */
bool relay_has_parted(const struct relay *);

/*
 * The farewell; both close the database's stream.  Either what was received
 * and then `text`, copied, and FIN; or what was received, to the last byte,
 * before the RST that the caller asks of relay_free().
 */
void relay_say(struct relay *, const void *text, size_t len);
void relay_cut(struct relay *);

enum relay_farewell {
	RELAY_LEAVING,
	RELAY_SAID, /* all is sent and finished; the client has yet to close */
	RELAY_GONE,
};

/* Go on with a farewell.  How long to wait for it is the caller's matter; a
 * socket does not tell when all has arrived, so call in intervals too. */
enum relay_farewell relay_leave(struct relay *);

#endif
