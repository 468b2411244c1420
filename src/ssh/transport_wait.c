/* SPDX-License-Identifier: PostgreSQL */

/* The loop of a dialer has one session, one deadline and one way to end it. */
#include "ssh/transport_wait.h"

#include <poll.h>
#include <stddef.h>

#include "base/clock.h"
#include "ssh/transport.h"

/*
 * Bytes received in one wait.  It is small, so that the deadline also ends a
 * peer that never stops sending.
 */
#define WAIT_BUDGET ((size_t)64 << 10)

enum ssh_wait
ssh_transport_wait(struct ssh_transport *transport, int64_t deadline_ms,
    int cancel_fd)
{
	size_t pending = ssh_transport_flush(transport);
	struct pollfd fds[] = {
		{ .fd = ssh_transport_fd(transport),
		    .events = pending > 0 ? POLLIN | POLLOUT : POLLIN },
		{ .fd = cancel_fd, .events = POLLIN },
	};
	bool is_readable = ssh_transport_is_readable(transport);

	if (ssh_transport_is_lost(transport))
		return SSH_WAIT_LOST;
	if (clock_ms() >= deadline_ms)
		return SSH_WAIT_TIMEOUT;
	if (poll(fds, 2, is_readable ? 0 : clock_left_ms(deadline_ms)) > 0) {
		if (fds[1].revents != 0)
			return SSH_WAIT_CANCELLED;
		is_readable |= (fds[0].revents & ~POLLOUT) != 0;
	}
	if (is_readable)
		ssh_transport_readable(transport, WAIT_BUDGET);
	return SSH_WAIT_READY;
}
