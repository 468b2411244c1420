/* SPDX-License-Identifier: PostgreSQL */

/*
 * A session in sequential code: waiting for its next input.
 */
#ifndef PGJUMP_SSH_TRANSPORT_WAIT_H
#define PGJUMP_SSH_TRANSPORT_WAIT_H

#include <stdint.h>

struct ssh_transport;

enum ssh_wait {
	SSH_WAIT_READY, /* there may be input: call libssh2 again */
	SSH_WAIT_TIMEOUT,
	SSH_WAIT_CANCELLED, /* `cancel_fd` became readable */
	SSH_WAIT_LOST,      /* broken or closed, and all input is consumed */
};

/*
 * Flush, then wait for input until `deadline_ms` (base/clock.h).  Call it after
 * every LIBSSH2_ERROR_EAGAIN.  `cancel_fd` may be -1.  Before the session moves
 * to a loop, its output buffer must be empty: ssh_transport_flush().
 */
enum ssh_wait ssh_transport_wait(struct ssh_transport *, int64_t deadline_ms,
    int cancel_fd);

#endif
