/* SPDX-License-Identifier: PostgreSQL */

/*
 * The answer comes from a pgjump, perhaps of another version, or from whatever
 * listens at its address: its length is bounded, and the end of the connection
 * is the end of the body.
 */
#include "http/ask.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "config/config.h"

/* A thousand connections with every text at its longest are far below. */
#define ANSWER_MAX ((size_t)64 << 20)

/* --- Connecting --------------------------------------------------------------
 */

/* False with errno: not ready by the deadline. */
static bool
await(int fd, short events, int64_t deadline_ms)
{
	struct pollfd ready = { .fd = fd, .events = events };
	int result;

	do
		result = poll(&ready, 1, clock_left_ms(deadline_ms));
	while (result < 0 && errno == EINTR);
	if (result == 0)
		errno = ETIMEDOUT;
	return result > 0;
}

/* Returns -1 with errno. */
static int
connect_to(const struct sockaddr *address, socklen_t len, int64_t deadline_ms)
{
	int fd = socket(address->sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = 0;
	socklen_t error_len = sizeof error;

	if (fd < 0)
		return -1;
	if (connect(fd, address, len) == 0)
		return fd;
	if (errno == EINPROGRESS && await(fd, POLLOUT, deadline_ms)) {
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_len);
		if (error == 0)
			return fd;
		errno = error;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int
connect_unix(const char *path, int64_t deadline_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	return connect_to((const struct sockaddr *)&address, sizeof address,
	    deadline_ms);
}

/* Who listens on every address listens on loopback. */
static const char *
reachable(const char *host)
{
	if (strcmp(host, "0.0.0.0") == 0)
		return "127.0.0.1";
	return strcmp(host, "::") == 0 ? "::1" : host;
}

static int
connect_tcp(const char *host, unsigned port, int64_t deadline_ms)
{
	struct addrinfo *addresses, *each,
	    wanted = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	char number[16];
	int fd = -1;

	snprintf(number, sizeof number, "%u", port);
	if (getaddrinfo(reachable(host), number, &wanted, &addresses) != 0) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	for (each = addresses; each != NULL && fd < 0; each = each->ai_next)
		fd = connect_to(each->ai_addr, each->ai_addrlen, deadline_ms);
	freeaddrinfo(addresses);
	return fd;
}

static int
connect_address(const struct config_http_address *address, int64_t deadline_ms)
{
	int fd;

	if (address->path != NULL)
		return connect_unix(address->path, deadline_ms);
	if (strcasecmp(address->host, "localhost") != 0)
		return connect_tcp(address->host, address->port, deadline_ms);
	fd = connect_tcp("127.0.0.1", address->port, deadline_ms);
	return fd >= 0 ? fd : connect_tcp("::1", address->port, deadline_ms);
}

/* --- Asking ------------------------------------------------------------------
 */

static bool
send_all(int fd, const char *bytes, size_t len, int64_t deadline_ms)
{
	while (len > 0) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (sent < 0 && !await(fd, POLLOUT, deadline_ms))
			return false;
		if (sent > 0) {
			bytes += sent;
			len -= (size_t)sent;
		}
	}
	return true;
}

/* Read up to the end, which the caller frees; NULL with errno. */
static char *
receive_all(int fd, int64_t deadline_ms)
{
	size_t len = 0, size = 4096;
	char *bytes = xmalloc(size);

	for (;;) {
		ssize_t got = read(fd, bytes + len, size - len - 1);

		if (got == 0) {
			bytes[len] = '\0';
			return bytes;
		}
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			break;
		if (got < 0 && !await(fd, POLLIN, deadline_ms))
			break;
		len += got > 0 ? (size_t)got : 0;
		if (len > ANSWER_MAX) {
			errno = EMSGSIZE;
			break;
		}
		if (len + 1 == size) {
			size *= 2;
			bytes = xrealloc(bytes, size);
		}
	}
	free(bytes);
	return NULL;
}

static bool
exchange(int fd, const char *method, const char *target, int64_t deadline_ms,
    char **answer)
{
	char *request = xasprintf("%s %s HTTP/1.0\r\nHost: localhost\r\n"
				  "Content-Length: 0\r\n\r\n",
	    method, target);
	bool is_sent = send_all(fd, request, strlen(request), deadline_ms);

	free(request);
	if (!is_sent)
		return false;
	*answer = receive_all(fd, deadline_ms);
	return *answer != NULL;
}

/* "HTTP/1.1 200 OK"; false: it is not HTTP. */
static bool
read_answer(const char *answer, struct http_reply *reply)
{
	const char *body = strstr(answer, "\r\n\r\n");

	if (body == NULL || strncmp(answer, "HTTP/1.", 7) != 0 ||
	    sscanf(answer + 8, " %3u", &reply->status) != 1)
		return false;
	reply->body = xstrdup(body + 4);
	reply->len = strlen(reply->body);
	return true;
}

bool
http_ask(const struct config_http_address *address, const char *method,
    const char *target, int64_t deadline_ms, struct http_reply *reply,
    char *error, size_t error_size)
{
	int fd = connect_address(address, deadline_ms);
	char *answer = NULL;
	bool is_good = false;

	*reply = (struct http_reply){ 0 };
	if (fd < 0 || !exchange(fd, method, target, deadline_ms, &answer)) {
		snprintf(error, error_size, "%m");
	} else {
		is_good = read_answer(answer, reply);
		if (!is_good)
			snprintf(error, error_size,
			    "what answers there is no pgjump");
	}
	if (fd >= 0)
		close(fd);
	free(answer);
	return is_good;
}

void
http_ask_clear(struct http_reply *reply)
{
	free(reply->body);
	*reply = (struct http_reply){ 0 };
}
