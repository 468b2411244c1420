/* SPDX-License-Identifier: PostgreSQL */

/*
 * Waiting in sequential code: for descriptors, until a deadline or until the
 * caller is cancelled.  For dialers; a loop never calls it.
 */
#ifndef PGJUMP_SSH_AWAIT_H
#define PGJUMP_SSH_AWAIT_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

enum await_status {
	AWAIT_READY,     /* an event or an error: look, or just try */
	AWAIT_TIMEOUT,   /* the deadline has passed */
	AWAIT_CANCELLED, /* `cancel_fd` is readable */
};

/*
 * The most descriptors that one await_any() takes: 16 sockets of a race
 * (ssh/tcp.c), with room to spare.
 */
#define AWAIT_MAX 31

/*
 * Wait for one of `count` descriptors and fill their revents.  `deadline_ms` is
 * a time of base/clock.h.  `cancel_fd` may be -1, and wins over everything
 * else.
 */
enum await_status await_any(struct pollfd *fds, size_t count,
    int64_t deadline_ms, int cancel_fd);

/* The same for one descriptor; -1: only let time pass. */
enum await_status await_one(int fd, short events, int64_t deadline_ms,
    int cancel_fd);

/*
 * Connect to a Unix socket.  Returns a non-blocking socket, which is the
 * caller's, or -1 with errno: ETIMEDOUT at the deadline, ECANCELED when
 * cancelled.
 */
int await_unix(const char *path, int64_t deadline_ms, int cancel_fd);

#endif
