/* SPDX-License-Identifier: PostgreSQL */

/*
 * The PostgreSQL start-up exchange and errors, bytes in and bytes out.
 * Sources: "Message Formats" in the chapter "Frontend/Backend Protocol" of the
 * PostgreSQL documentation, and RFC 8446, 5.1, for what a TLS record looks
 * like.  Contents of messages stay bytes.
 */
#ifndef PGJUMP_PG_PGWIRE_H
#define PGJUMP_PG_PGWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An Int32 of the protocol: four bytes, the highest first. */
uint32_t pgwire_int32(const void *bytes);

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

/* The whole SSLRequest: its length and its code. */
#define PGWIRE_SSL_REQUEST_LEN 8
extern const unsigned char pgwire_ssl_request[PGWIRE_SSL_REQUEST_LEN];

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

/* The longest answer that is waited for whole before it is judged. */
#define PGWIRE_ANSWER_MAX 256

/* Whether they are, complete, a request for SASL and nothing else
 * (AuthenticationSASL). */
bool pgwire_is_sasl_request(const void *bytes, size_t len);

/*
 * Take the mechanisms with channel binding out of such a request, in place,
 * for a client in the clear, which takes their offer for an attack; returns
 * the new length.
 */
size_t pgwire_unbind(void *bytes, size_t len);

/* An ErrorResponse.  NULL or "" leaves a field out. */
struct pgwire_text {
	const char *severity, *sqlstate, *message, *detail, *hint;
};

/* Room for any ErrorResponse of pgjump; libpq takes less than 30 000. */
#define PGWIRE_ERROR_MAX 8192

/*
 * Build one into `buf`; returns its length.  Fields which do not fit are cut,
 * the last first.
 */
size_t pgwire_error(unsigned char buf[PGWIRE_ERROR_MAX],
    const struct pgwire_text *);

/*
 * The ReadyForQuery behind the error that ends a session, whose last one had
 * the status `last`.  Outside a transaction it stays 'I': no server says 'E'
 * there, and a client that believes in a failed transaction (Racket's pool)
 * never uses its connection again, so that it never sees the end of it.  Inside
 * one it is 'E', never 'I': psycopg and pgjdbc take the commit of a session
 * outside a transaction for done without asking, but all that this transaction
 * did is lost.
 */
#define PGWIRE_READY_LEN 6
void pgwire_ready(unsigned char buf[PGWIRE_READY_LEN], char last);

/*
 * Whether five characters of a SQLSTATE begin here: digits and upper-case
 * letters of ASCII (ISO/IEC 9075-2; PostgreSQL, appendix A).
 */
bool pgwire_is_sqlstate(const char *text);

/* What stands in place of a SQLSTATE that is none. */
#define PGWIRE_SQLSTATE_UNKNOWN "?"

/* What an ErrorResponse says; each text cut to its room.  Severity and message
 * are the peer's own bytes. */
struct pgwire_error_fields {
	char severity[12]; /* not localised, where the server tells it so */
	char sqlstate[6];  /* PGWIRE_SQLSTATE_UNKNOWN where it has none */
	char message[400];
};

/* Read the body of an ErrorResponse, or its beginning. */
void pgwire_error_fields(const void *body, size_t len,
    struct pgwire_error_fields *);

/*
 * Whether an answer that begins so is an error in the form of protocol 2: 'E',
 * text, NUL.  Every postmaster says so that it cannot fork, before it has read
 * anything (report_fork_failure_to_client() of PostgreSQL).
 */
bool pgwire_is_unframed(const void *bytes, size_t len);

/*
 * Judge what answers a request for encryption and is not the one byte: an
 * ErrorResponse in either form.  Fills the fields where it is PLAUSIBLE; those
 * of protocol 2 have a message only.  MORE: not complete, and shorter than
 * PGWIRE_ANSWER_MAX.
 */
enum pgwire_answer pgwire_refusal(const void *bytes, size_t len,
    struct pgwire_error_fields *);

#endif
