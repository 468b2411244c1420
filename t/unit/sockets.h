/* SPDX-License-Identifier: PostgreSQL */

/*
 * Connected pairs over loopback, for tests whose code works on real sockets,
 * and reads that fail the test instead of waiting for ever.
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The longest that anything may take, even on a busy machine. */
#define PATIENCE_MS 10000

/* near: the end of the tested code; far: the test's own end, non-blocking. */
struct sockets {
	int near, far;
};

static inline struct sockets
sockets_tcp(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr *any = (struct sockaddr *)&address;
	socklen_t len = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	struct sockets pair = { .far = socket(AF_INET, SOCK_STREAM, 0) };
	bool is_good = bind(listener, any, len) == 0 &&
	    listen(listener, 1) == 0 && getsockname(listener, any, &len) == 0 &&
	    connect(pair.far, any, len) == 0;

	assert(is_good);
	pair.near = accept(listener, NULL, NULL);
	assert(pair.near >= 0);
	close(listener);
	fcntl(pair.far, F_SETFL, O_NONBLOCK);
	return pair;
}

static inline struct sockets
sockets_unix(void)
{
	struct sockets pair = { -1, -1 };
	int fds[2] = { -1, -1 };

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0)
		pair = (struct sockets){ .near = fds[0], .far = fds[1] };
	assert(pair.far >= 0);
	fcntl(pair.far, F_SETFL, O_NONBLOCK);
	return pair;
}

/* Close by RST. */
static inline void
sockets_reset(int fd)
{
	const struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(fd);
}

#endif
