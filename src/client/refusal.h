/* SPDX-License-Identifier: PostgreSQL */

/*
 * A client that must be told why, in its own protocol and in the way that real
 * clients show (research of 20 of them): GSSENCRequest is answered N,
 * SSLRequest S and TLS with the throwaway certificate, direct TLS likewise, a
 * StartupMessage with FATAL at once, HTTP with one plain line.  Whoever cannot
 * read any of these is let go.
 */
#ifndef PGJUMP_CLIENT_REFUSAL_H
#define PGJUMP_CLIENT_REFUSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fault;
struct refusal;
struct stream;
struct tls_identity;

struct refusal_setup {
	struct stream *client; /* borrowed */
	struct tls_identity *identity;
	const struct fault *fault; /* complete */
	const void *kept;          /* sent by the client, and not answered */
	size_t kept_len;
	bool is_in_tls;  /* S was answered: a ClientHello comes, or is kept */
	bool is_at_once; /* wait for nothing: say it if it can be read */
	int64_t answer_at_ms; /* the brake: no FATAL before (base/clock.h) */
};

struct refusal *refusal_new(const struct refusal_setup *);
void refusal_free(struct refusal *); /* NULL is fine */

enum refusal_status {
	REFUSAL_RUNNING,
	REFUSAL_TOLD,   /* the text was sent */
	REFUSAL_UNTOLD, /* it could not be; refusal_words() */
};

/* Go on; call when the client's stream is ready or refusal_wake_ms() came. */
enum refusal_status refusal_step(struct refusal *);
int64_t refusal_wake_ms(const struct refusal *);

/* Why the client could not be told, e.g. "client sent alert: unknown CA". */
const char *refusal_words(const struct refusal *);

#endif
