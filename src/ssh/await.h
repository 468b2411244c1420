/* SPDX-License-Identifier: PostgreSQL */

/*
 * Waiting in sequential code: for descriptors, by a deadline, and no longer
 * than until somebody cancels.  For dialers; a loop never calls it.
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

/* At most this many descriptors in one await_any(). */
#define AWAIT_MAX 31

/*
 * Wait for one of `count` descriptors; fills their revents.  `deadline_ms` as
 * base/clock.h; `cancel_fd` may be -1, and wins over everything else.
 */
enum await_status await_any(struct pollfd *fds, size_t count,
    int64_t deadline_ms, int cancel_fd);

/* The same for one descriptor, which may be -1: then only time passes. */
enum await_status await_one(int fd, short events, int64_t deadline_ms,
    int cancel_fd);

/*
 * A connected, non-blocking socket at a path, the caller's; -1 with errno,
 * which is ETIMEDOUT at the deadline and ECANCELED when cancelled.
 */
int await_unix(const char *path, int64_t deadline_ms, int cancel_fd);

#endif
