/* SPDX-License-Identifier: PostgreSQL */

/*
 * poll() with the two things that every wait of a dial has: a deadline, and a
 * descriptor that ends it early.
 */
#include "await.h"

#include <assert.h>
#include <string.h>

#include "clock.h"

enum await_status
await_any(struct pollfd *fds, size_t count, int64_t deadline_ms, int cancel_fd)
{
	struct pollfd all[AWAIT_MAX + 1] = { { .fd = cancel_fd,
	    .events = POLLIN } };
	int ready;

	assert(count <= AWAIT_MAX);
	memcpy(all + 1, fds, count * sizeof *fds);
	do
		ready = poll(all, count + 1, clock_left_ms(deadline_ms));
	while (ready <= 0 && clock_ms() < deadline_ms);
	memcpy(fds, all + 1, count * sizeof *fds);
	if (ready > 0 && all[0].revents != 0)
		return AWAIT_CANCELLED;
	return ready > 0 ? AWAIT_READY : AWAIT_TIMEOUT;
}

enum await_status
await_one(int fd, short events, int64_t deadline_ms, int cancel_fd)
{
	struct pollfd one = { .fd = fd, .events = events };

	return await_any(&one, 1, deadline_ms, cancel_fd);
}
