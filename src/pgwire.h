/* SPDX-License-Identifier: PostgreSQL */

/*
 * The PostgreSQL start-up exchange and the framing of messages, bytes in and
 * bytes out.  Sources: "Message Formats" and "Message Flow" in the chapter
 * "Frontend/Backend Protocol" of the PostgreSQL documentation, and RFC 8446,
 * 5.1, for what a TLS record looks like.  Contents of messages stay bytes.
 */
#ifndef PGJUMP_PGWIRE_H
#define PGJUMP_PGWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a client sends before the session is up, and what is none of that. */
enum pgwire_kind {
	PGWIRE_MORE, /* cannot be told yet, or not complete */
	PGWIRE_SSL_REQUEST,
	PGWIRE_GSSENC_REQUEST,
	PGWIRE_CANCEL_REQUEST,
	PGWIRE_STARTUP,   /* StartupMessage 3.x */
	PGWIRE_TLS,       /* the first record of a ClientHello */
	PGWIRE_MALFORMED, /* of protocol 3, with an impossible length or layout
			   */
	PGWIRE_HTTP,
	PGWIRE_FOREIGN, /* anything else */
};

/* The longest packet pgwire_packet() waits for: a whole TLS record. */
#define PGWIRE_PACKET_MAX (5 + 16384)

struct pgwire_packet {
	enum pgwire_kind kind;
	size_t len;       /* of a complete packet, else 0 */
	const char *what; /* MALFORMED, HTTP, FOREIGN: what it is, one clause */
};

/* Tell what the first bytes of a client, or those after an answer, are. */
struct pgwire_packet pgwire_packet(const void *bytes, size_t len);

/*
 * Whether a client which sent these bytes, complete or not, reads an
 * ErrorResponse: it has announced protocol 3 in the clear.
 */
bool pgwire_can_read_error(const void *bytes, size_t len);

enum pgwire_answer {
	PGWIRE_ANSWER_MORE,      /* 5 bytes are needed */
	PGWIRE_ANSWER_PLAUSIBLE, /* what a PostgreSQL server may say */
	PGWIRE_ANSWER_FOREIGN,
};

/* Judge the first bytes that answer a StartupMessage. */
enum pgwire_answer pgwire_answer(const void *bytes, size_t len);

/* An ErrorResponse of severity FATAL.  NULL or "" leaves a field out. */
struct pgwire_text {
	const char *sqlstate, *message, *detail, *hint;
};

/* Room for any ErrorResponse of pgjump; libpq takes less than 30 000. */
#define PGWIRE_ERROR_MAX 8192

/*
 * Build one into `buf`; returns its length.  Fields which do not fit are cut,
 * the last first.
 */
size_t pgwire_error(unsigned char buf[PGWIRE_ERROR_MAX],
    const struct pgwire_text *);

/* ReadyForQuery in a failed transaction: makes pools roll back at once. */
#define PGWIRE_READY_LEN 6
extern const unsigned char pgwire_ready_failed[PGWIRE_READY_LEN];

/* What an ErrorResponse says; each text cut to its room. */
struct pgwire_error_fields {
	char severity[12]; /* not localised, where the server tells it so */
	char sqlstate[6];
	char message[400];
};

/* Read the body of an ErrorResponse, or its beginning. */
void pgwire_error_fields(const void *body, size_t len,
    struct pgwire_error_fields *);

/* One direction of framing: where its next header begins. */
struct pgwire_scan {
	unsigned char header[5]; /* type, length that counts itself */
	unsigned char header_len;
	bool is_broken; /* a length below 4: the framing is lost */
	uint32_t left;  /* of the body */
};

/* How much of an ErrorResponse is kept: severity, SQLSTATE, message. */
#define PGWIRE_ERROR_KEPT 512

/*
 * A plain-text session, followed from behind the StartupMessage.  Zeroed means
 * that nothing has passed yet.  Constant size; work is per message.
 */
struct pgwire_session {
	struct pgwire_scan front, back;
	unsigned owed;  /* ReadyForQuery that Query, Sync, FunctionCall await */
	bool unsynced;  /* extended-query messages that no Sync has followed */
	bool answering; /* password or COPY data since the last ReadyForQuery */
	bool copying_in; /* the database reads COPY data and ignores Sync */
	char last_asked; /* type of the last Query, Sync or FunctionCall */
	char status;     /* of the last ReadyForQuery; 0 before the first */
	bool is_over;    /* the database said FATAL or PANIC */
	uint16_t error_len;
	unsigned char error[PGWIRE_ERROR_KEPT]; /* the last ErrorResponse */
};

void pgwire_front(struct pgwire_session *, const void *bytes, size_t len);
void pgwire_back(struct pgwire_session *, const void *bytes, size_t len);

/* Where a session stands, for whoever must end it. */
enum pgwire_moment {
	PGWIRE_CUT,      /* inside a message: nothing may be written */
	PGWIRE_OVER,     /* the database itself has ended it */
	PGWIRE_STARTING, /* before the first ReadyForQuery */
	PGWIRE_BUSY,     /* an answer is owed, or may be */
	PGWIRE_IDLE,
};

enum pgwire_moment pgwire_moment(const struct pgwire_session *);

/* Idle and outside a transaction: ending it harms nobody. */
bool pgwire_is_at_rest(const struct pgwire_session *);

#endif
