/* SPDX-License-Identifier: PostgreSQL */

/*
 * A stream whose bytes are TLS on another stream, which is a socket's or a
 * channel's.  Its user sees a stream like any other.  If the handshake is not
 * done yet, it goes on inside its calls.
 */
#ifndef PGJUMP_TLS_STREAM_H
#define PGJUMP_TLS_STREAM_H

#include <stdbool.h>

struct fault;
struct stream;
struct tls;

/*
 * Takes both; the listener of the raw stream becomes that of this one.
 * `explain` says why TLS failed when the raw stream did not; NULL: OpenSSL's
 * words become a note.
 */
struct stream *tls_stream_new(struct stream *take_raw, struct tls *take_tls,
    void (*explain)(const struct tls *, struct fault *));

/* Why TLS failed; "" if it did not.  Only for streams of tls_stream_new(). */
const char *tls_stream_words(const struct stream *);

/*
 * Whether the client is shown the very certificate that the database shows.
 * Both streams are from tls_stream_new().
 */
bool tls_stream_is_one_certificate(const struct stream *client,
    const struct stream *database);

#endif
