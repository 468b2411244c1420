/* SPDX-License-Identifier: PostgreSQL */

/*
 * One TLS session between memory buffers, on either side: what the peer sent
 * goes in, what it must be sent comes out.  It knows neither sockets nor whose
 * certificate is good; renegotiation and resumption do not happen.
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
 * A session of the context's side.  `peer` names the other one in words:
 * "client", "database"; borrowed.
 */
struct tls *tls_new(struct ssl_ctx_st *, const char *peer);
void tls_free(struct tls *);

/* OpenSSL's own object, and whose session it is; for tls_*.c. */
struct ssl_st *tls_ssl(const struct tls *);
void tls_set_owner(struct tls *, void *owner);
void *tls_owner(const struct ssl_st *);

/* Bytes from the peer's socket; all are taken. */
void tls_feed(struct tls *, const void *buf, size_t len);

/* Bytes for the peer's socket: how many wait, and a window on them. */
size_t tls_output(struct tls *, const void **buf);
void tls_output_sent(struct tls *, size_t len);

enum tls_status {
	TLS_WAIT,   /* more bytes are needed */
	TLS_READY,  /* the handshake is done */
	TLS_FAILED, /* tls_words() says why; output may hold an alert */
};

/* Drive the handshake. */
enum tls_status tls_handshake(struct tls *);

/* What tls_read() returns besides a count. */
enum {
	TLS_READ_END = 0,     /* the peer has sent its close_notify */
	TLS_READ_WAIT = -1,   /* more bytes are needed */
	TLS_READ_FAILED = -2, /* tls_words() says why */
};

/* Read at most `len` bytes of plain text: a count > 0, or TLS_READ_*. */
ssize_t tls_read(struct tls *, void *buf, size_t len);
void tls_write(struct tls *, const void *buf, size_t len); /* all is taken */
void tls_finish(struct tls *);                             /* close_notify */

/* Why it failed, e.g. "client sent alert: unknown CA"; "" when it did not. */
const char *tls_words(const struct tls *);

/*
 * Of a server and of a client: whether the first shows the certificate which
 * the second was shown.
 */
bool tls_is_one_certificate(const struct tls *server, const struct tls *client);

/* The number of the alert that the peer sent (RFC 8446, 6); -1: none. */
int tls_alert(const struct tls *);

#endif
