/* SPDX-License-Identifier: PostgreSQL */

/*
 * poll() with what every wait of a dial has: a deadline, and a descriptor that
 * ends it early.
 */
#include "ssh/await.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

/*
 * poll() cannot wait for room in the backlog of a Unix socket, so connect() is
 * retried.
 */
#define BACKLOG_RETRY_MS 20

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

/* 0, or an errno. */
static int
connect_unix(int fd, const struct sockaddr_un *address, int64_t deadline_ms,
    int cancel_fd)
{
	while (connect(fd, (const struct sockaddr *)address, sizeof *address) !=
	    0) {
		int64_t retry_ms = clock_ms() + BACKLOG_RETRY_MS;

		if (errno != EAGAIN && errno != EINTR)
			return errno;
		if (retry_ms > deadline_ms)
			return ETIMEDOUT;
		if (await_one(-1, 0, retry_ms, cancel_fd) == AWAIT_CANCELLED)
			return ECANCELED;
	}
	return 0;
}

int
await_unix(const char *path, int64_t deadline_ms, int cancel_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd, error;

	errno = ENAMETOOLONG;
	if (len >= sizeof address.sun_path)
		return -1;
	memcpy(address.sun_path, path, len);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	error = connect_unix(fd, &address, deadline_ms, cancel_fd);
	if (error == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}
