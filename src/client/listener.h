/* SPDX-License-Identifier: PostgreSQL */

/*
 * One `listen` entry of a connection: bind, listen, accept, and hand each
 * client to its owner.
 */
#ifndef PGJUMP_CLIENT_LISTENER_H
#define PGJUMP_CLIENT_LISTENER_H

#include <stddef.h>
#include <sys/socket.h>

struct config_listen;
struct event_base;
struct listener;

/*
 * A client was accepted: a non-blocking, close-on-exec socket, with
 * TCP_NODELAY where it is TCP.  The receiver owns it.  For a client of a Unix
 * socket `peer` has the family, AF_UNIX, and no more.
 */
typedef void listener_accept_fn(void *arg, int take_fd,
    const struct sockaddr *peer, socklen_t peer_len);

/*
 * Bind and listen, or use the inherited socket, which is never closed.  A name
 * is resolved here and now, and each of its addresses is bound.  Clients are
 * accepted as soon as the base runs.  An address which this machine lacks is
 * logged and skipped where it is optional or where another address of the same
 * name could be bound.  NULL: `error` says why.
 */
struct listener *listener_open(struct event_base *,
    const struct config_listen *, listener_accept_fn *, void *arg, char *error,
    size_t error_size);

/* The port that the system chose for port 0, of the first address. */
unsigned listener_port(const struct listener *);

/* Stop listening, and remove the file of a Unix socket.  NULL is fine. */
void listener_close(struct listener *);

#endif
