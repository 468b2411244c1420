/* SPDX-License-Identifier: PostgreSQL */

/*
 * The server's side of TLS on memory buffers, and the throwaway certificate it
 * shows.  Used only to tell a client why it cannot be served: authentication
 * is never reached on it.  No tickets, no resumption.
 */
#ifndef PGJUMP_TLS_H
#define PGJUMP_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tls;
struct tls_identity;

/*
 * A self-signed certificate with a fresh key, made in memory.  Shared by all
 * threads once made; aborts where OpenSSL cannot make one.
 */
struct tls_identity *tls_identity_new(void);
void tls_identity_free(struct tls_identity *);

/*
 * One conversation.  With `direct` (PostgreSQL 17's sslnegotiation=direct) the
 * client must offer ALPN "postgresql", or the handshake ends in alert 120.
 */
struct tls *tls_new(struct tls_identity *, bool direct);
void tls_free(struct tls *);

/* Bytes from the client's socket; all are taken. */
void tls_feed(struct tls *, const void *buf, size_t len);

/* Bytes for the client's socket: how many wait, and a window on them. */
size_t tls_output(struct tls *, const void **buf);
void tls_output_sent(struct tls *, size_t len);

enum tls_status {
	TLS_WAIT,   /* more bytes are needed */
	TLS_READY,  /* the handshake is done */
	TLS_FAILED, /* tls_words() says why; output may hold an alert */
};

/* Drive the handshake. */
enum tls_status tls_handshake(struct tls *);

/* Plain text: a count > 0, 0 at the client's close_notify, -1 more bytes are
 * needed, -2 failed. */
ssize_t tls_read(struct tls *, void *buf, size_t len);
void tls_write(struct tls *, const void *buf, size_t len); /* all is taken */
void tls_finish(struct tls *);                             /* close_notify */

/* Why it failed, e.g. "client sent alert unknown_ca"; "" when it did not. */
const char *tls_words(const struct tls *);

#endif
