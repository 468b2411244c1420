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

/* What the first bytes of a client can be. */
enum pgwire_kind {
	PGWIRE_MORE, /* not known yet, or not complete */
	PGWIRE_SSL_REQUEST,
	PGWIRE_GSSENC_REQUEST,
	PGWIRE_CANCEL_REQUEST,
	PGWIRE_STARTUP,   /* StartupMessage 3.x */
	PGWIRE_TLS,       /* the first record of a ClientHello */
	PGWIRE_MALFORMED, /* protocol 3, but an impossible length or layout */
	PGWIRE_HTTP,
	PGWIRE_FOREIGN, /* anything else */
};

/* The whole SSLRequest: its length and its code. */
#define PGWIRE_SSL_REQUEST_LEN 8
extern const unsigned char pgwire_ssl_request[PGWIRE_SSL_REQUEST_LEN];

/* The longest packet that pgwire_packet() waits for: a whole TLS record. */
#define PGWIRE_PACKET_MAX (5 + 16384)

struct pgwire_packet {
	enum pgwire_kind kind;
	size_t len;       /* length of a complete packet, else 0 */
	const char *what; /* MALFORMED, HTTP, FOREIGN: one clause on it */
};

/* Judge the first bytes of a client, or the bytes after an answer. */
struct pgwire_packet pgwire_packet(const void *bytes, size_t len);

/*
 * Whether a client that sent these bytes can read an ErrorResponse: it has
 * announced protocol 3 in the clear.  The packet need not be complete.
 */
bool pgwire_can_read_error(const void *bytes, size_t len);

enum pgwire_answer {
	PGWIRE_ANSWER_MORE,      /* 5 bytes are needed */
	PGWIRE_ANSWER_PLAUSIBLE, /* a PostgreSQL server may say this */
	PGWIRE_ANSWER_FOREIGN,
};

/*
 * The value of a parameter, such as "user", of a StartupMessage: it is in the
 * packet and ends with NUL.  NULL: it has none.
 */
const char *pgwire_parameter(const void *packet, size_t len, const char *name);

/* Judge the first bytes that answer a StartupMessage. */
enum pgwire_answer pgwire_answer(const void *bytes, size_t len);

/*
 * Longer answers are judged by their first bytes.  Errors that a server sends
 * before it has read a StartupMessage are shorter.
 */
#define PGWIRE_ANSWER_MAX 256

/* Whether the bytes are one complete AuthenticationSASL and nothing else. */
bool pgwire_is_sasl_request(const void *bytes, size_t len);

/*
 * Take the mechanisms with channel binding out of such a request, in place, for
 * a client in the clear, which takes their offer for an attack.  Returns the
 * new length.
 */
size_t pgwire_unbind(void *bytes, size_t len);

/* An ErrorResponse.  NULL or "" leaves a field out. */
struct pgwire_text {
	const char *severity, *sqlstate, *message, *detail, *hint;
};

/* Room for any ErrorResponse of pgjump; libpq accepts up to 30 000 bytes. */
#define PGWIRE_ERROR_MAX 8192

/*
 * Write an ErrorResponse to `buf` and return its length.  Fields that do not
 * fit are cut, the last one first.
 */
size_t pgwire_error(unsigned char buf[PGWIRE_ERROR_MAX],
    const struct pgwire_text *);

/*
 * Write the ReadyForQuery behind the error that ends a session.  `last` is the
 * status of the session's last one.
 *
 * Outside a transaction the status stays 'I', because no server says 'E' there.
 * A client that believes in a failed transaction (Racket's pool) never uses its
 * connection again, and so never notices that it has ended.
 *
 * Inside a transaction the status is 'E', never 'I'.  At 'I' psycopg and pgjdbc
 * answer a commit by themselves, as done, although this transaction is lost.
 */
#define PGWIRE_READY_LEN 6
void pgwire_ready(unsigned char buf[PGWIRE_READY_LEN], char last);

/*
 * Whether the text begins with a SQLSTATE: five digits and upper-case letters
 * of ASCII (ISO/IEC 9075-2; PostgreSQL, appendix A).
 */
bool pgwire_is_sqlstate(const char *text);

/* Stands in place of a SQLSTATE that is missing or malformed. */
#define PGWIRE_SQLSTATE_UNKNOWN "?"

/*
 * The fields of an ErrorResponse, each cut to its room.  Severity and message
 * are the peer's own bytes.
 */
struct pgwire_error_fields {
	char severity[12]; /* not localised, if the server sends it so */
	char sqlstate[6];  /* or PGWIRE_SQLSTATE_UNKNOWN */
	char message[400];
};

/* Read the body of an ErrorResponse, or the beginning of one. */
void pgwire_error_fields(const void *body, size_t len,
    struct pgwire_error_fields *);

/*
 * Whether the answer is an error in the form of protocol 2: 'E', text, NUL.
 * Every postmaster that cannot fork sends one before it has read anything
 * (report_fork_failure_to_client() of PostgreSQL).
 */
bool pgwire_is_unframed(const void *bytes, size_t len);

/*
 * Judge an answer to a request for encryption that is not the one byte: an
 * ErrorResponse in either form.  PLAUSIBLE: the fields are filled in; an error
 * of protocol 2 has a message only.  MORE: it is not complete, and shorter than
 * PGWIRE_ANSWER_MAX.
 */
enum pgwire_answer pgwire_refusal(const void *bytes, size_t len,
    struct pgwire_error_fields *);

#endif
