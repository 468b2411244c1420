/* SPDX-License-Identifier: PostgreSQL */

/* A stream over a connected socket (base/stream.h). */
#ifndef PGJUMP_BASE_SOCKET_STREAM_H
#define PGJUMP_BASE_SOCKET_STREAM_H

struct event_base;
struct stream;

/*
 * A stream over a connected socket, which it owns from now on and makes
 * non-blocking.  stream_close() closes it.
 */
struct stream *socket_stream_open(struct event_base *, int take_fd);

/* The socket of such a stream, which the stream still owns. */
int socket_stream_fd(const struct stream *);

#endif
