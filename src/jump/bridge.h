/* SPDX-License-Identifier: PostgreSQL */

/*
 * A stream of an outer jump box, as a socket: it moves bytes both ways between
 * the stream and one end of a socketpair.  The other end is used like any
 * socket, also by another thread.
 */
#ifndef PGJUMP_JUMP_BRIDGE_H
#define PGJUMP_JUMP_BRIDGE_H

#include <stdbool.h>

struct bridge;
struct event_base;
struct fault;
struct stream;

/* The stream broke, and is closed; the socket's end follows. */
typedef void bridge_end_fn(void *arg, const struct fault *cause);

/*
 * Takes the stream; *fd_out is the caller's.  NULL with errno, and nothing is
 * taken: the system refuses a socketpair.
 */
struct bridge *bridge_open(struct event_base *, struct stream *take,
    bridge_end_fn *, void *arg, int *fd_out);

/* Close the stream and our end of the socketpair; NULL is fine. */
void bridge_close(struct bridge *);

/* The stream; NULL: it broke. */
struct stream *bridge_carrier(const struct bridge *);

/* Both ways have ended. */
bool bridge_is_over(const struct bridge *);

#endif
