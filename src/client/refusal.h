/* SPDX-License-Identifier: PostgreSQL */

/*
 * Tells a client why it gets no session, in a form that the client shows to its
 * user.  GSSENCRequest is answered with N; SSLRequest with S, then TLS with the
 * throwaway certificate; direct TLS likewise.  A StartupMessage is answered
 * with FATAL, HTTP with one plain line.  A client that can read none of these
 * is closed.
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
	const void *kept;          /* sent by the client, not answered yet */
	size_t kept_len;
	bool is_in_tls; /* S was answered: a ClientHello comes, or is kept */
	/*
	 * Wait for no further bytes: tell the client only if the kept ones show
	 * that it can read an error.
	 */
	bool is_at_once;
	int64_t answer_at_ms; /* no FATAL before this (base/clock.h) */
};

struct refusal *refusal_new(const struct refusal_setup *);
void refusal_free(struct refusal *); /* NULL is fine */

enum refusal_status {
	REFUSAL_RUNNING,
	REFUSAL_TOLD,   /* the text was sent */
	REFUSAL_UNTOLD, /* it was not; refusal_words() says why */
};

/* Go on.  Call when the client's stream is ready, and at refusal_wake_ms(). */
enum refusal_status refusal_step(struct refusal *);
int64_t refusal_wake_ms(const struct refusal *);

/* Why the client could not be told, e.g. "client sent alert: unknown CA". */
const char *refusal_words(const struct refusal *);

#endif
