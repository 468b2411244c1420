/* SPDX-License-Identifier: PostgreSQL */

/*
 * A stream whose bytes are TLS on another stream, a socket's or a channel's.
 * Its user sees a stream like any other; the handshake, where it is not done
 * yet, goes on inside of its calls.
 */
#ifndef PGJUMP_TLS_STREAM_H
#define PGJUMP_TLS_STREAM_H

#include <stdbool.h>

struct fault;
struct stream;
struct tls;

/*
 * Takes both; who listens to the raw stream listens to this one.  `explain`
 * tells why TLS failed where the raw stream did not; NULL: OpenSSL's words as
 * a note.
 */
struct stream *tls_stream_new(struct stream *take_raw, struct tls *take_tls,
    void (*explain)(const struct tls *, struct fault *));

/* Why TLS failed; "" where it did not.  Of tls_stream_new() only. */
const char *tls_stream_words(const struct stream *);

/*
 * Both of tls_stream_new(): whether the client is shown the very certificate
 * that the database shows.
 */
bool tls_stream_is_one_certificate(const struct stream *client,
    const struct stream *database);

#endif
