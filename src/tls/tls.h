/* SPDX-License-Identifier: PostgreSQL */

/*
 * One TLS session between memory buffers, on either side: bytes from the peer
 * go in, bytes for the peer come out.  It knows no sockets, and does not judge
 * certificates.  There is no renegotiation and no resumption.
 */
#ifndef PGJUMP_TLS_TLS_H
#define PGJUMP_TLS_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ssl_ctx_st; /* SSL_CTX of OpenSSL */
struct ssl_st;     /* SSL of OpenSSL */
struct tls;

/* The ALPN protocol of PostgreSQL 17, in the form of RFC 7301, 3.1. */
extern const unsigned char tls_alpn[];
#define TLS_ALPN_LEN 11

/* Give a context the rules of both sides: TLS 1.2 at least, no tickets. */
void tls_set_rules(struct ssl_ctx_st *);

/*
 * A session on the side of the context.  `peer` names the other side in words,
 * "client" or "database"; borrowed.
 */
struct tls *tls_new(struct ssl_ctx_st *, const char *peer);
void tls_free(struct tls *);

/*
 * OpenSSL's own object, and the object that a session belongs to; only for
 * tls/.
 */
struct ssl_st *tls_ssl(const struct tls *);
void tls_set_owner(struct tls *, void *owner);
void *tls_owner(const struct ssl_st *);

/* Bytes from the peer's socket; all are taken. */
void tls_feed(struct tls *, const void *buf, size_t len);

/* The bytes for the peer's socket that wait: how many, and where they are. */
size_t tls_output(struct tls *, const void **buf);
void tls_output_sent(struct tls *, size_t len);

enum tls_status {
	TLS_WAIT,   /* more bytes are needed */
	TLS_READY,  /* the handshake is done */
	TLS_FAILED, /* tls_words() says why; output may hold an alert */
};

/* Go on with the handshake. */
enum tls_status tls_handshake(struct tls *);

/* What tls_read() returns besides a count. */
enum {
	TLS_READ_END = 0,     /* the peer has sent its close_notify */
	TLS_READ_WAIT = -1,   /* more bytes are needed */
	TLS_READ_FAILED = -2, /* tls_words() says why */
};

/*
 * After a read that gave bytes: whether there is more to read already, the rest
 * of a record or a whole one.
 */
bool tls_holds_record(const struct tls *);

/* Read at most `len` bytes of plain text: a count > 0, or TLS_READ_*. */
ssize_t tls_read(struct tls *, void *buf, size_t len);
void tls_write(struct tls *, const void *buf, size_t len); /* takes all */
void tls_finish(struct tls *);                             /* close_notify */

/* Why it failed, such as "client sent alert: unknown CA"; "" if it did not. */
const char *tls_words(const struct tls *);

/*
 * Whether the server session shows the very certificate that the client session
 * was shown.
 */
bool tls_is_one_certificate(const struct tls *server, const struct tls *client);

/* The number of the alert that the peer sent (RFC 8446, 6); -1: none. */
int tls_alert(const struct tls *);

#endif
