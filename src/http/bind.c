/* SPDX-License-Identifier: PostgreSQL */

#include "http/bind.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"

#define SOCKET_MODE 0600
/* Of pgjump/ in $XDG_RUNTIME_DIR. */
#define DIRECTORY_MODE 0700
/* More wait in the kernel while all connections are taken. */
#define BACKLOG 512

/* Close after a failure, and keep its errno. */
static int
close_failed(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
	return -1;
}

/* --- TCP --------------------------------------------------------------------
 */

/* Returns -1 with errno. */
static int
listen_tcp(const struct addrinfo *address)
{
	int on = 1;
	int fd = socket(address->ai_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (address->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(fd, address->ai_addr, address->ai_addrlen) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return close_failed(fd);
	return fd;
}

/* Bind a host; `is_optional`: this machine may lack it. */
static int
open_host(const char *host, unsigned port, bool is_optional,
    struct http_sockets *sockets, char *error, size_t error_size)
{
	struct addrinfo *addresses, *each,
	    wanted = { .ai_socktype = SOCK_STREAM,
		    .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	char number[16];
	int result, fd = 0;

	snprintf(number, sizeof number, "%u", port);
	result = getaddrinfo(host, number, &wanted, &addresses);
	if (result != 0) {
		snprintf(error, error_size, "%s", gai_strerror(result));
		return -1;
	}
	for (each = addresses; each != NULL && fd >= 0; each = each->ai_next) {
		if (sockets->count == HTTP_BIND_MAX)
			break;
		fd = listen_tcp(each);
		if (fd >= 0)
			sockets->fds[sockets->count++] = fd;
	}
	freeaddrinfo(addresses);
	if (fd >= 0 ||
	    (is_optional && (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT)))
		return 0;
	snprintf(error, error_size, "%m");
	return -1;
}

static int
open_tcp(const struct config_http_address *address,
    struct http_sockets *sockets, char *error, size_t error_size)
{
	if (strcasecmp(address->host, "localhost") != 0)
		return open_host(address->host, address->port, false, sockets,
		    error, error_size);
	if (open_host("127.0.0.1", address->port, false, sockets, error,
		error_size) < 0)
		return -1;
	return open_host("::1", address->port, true, sockets, error,
	    error_size);
}

/* --- A Unix socket ----------------------------------------------------------
 */

enum holder {
	HOLDER_NONE,  /* the file is stale */
	HOLDER_LIVE,  /* a process listens; its pid is known */
	HOLDER_OTHER, /* the file is no socket, or tells nothing */
};

/* The credentials of a listening socket are those at listen(2) (unix(7)). */
static enum holder
find_holder(const struct sockaddr_un *address, struct ucred *peer)
{
	enum holder holder = HOLDER_OTHER;
	socklen_t len = sizeof *peer;
	struct stat status;
	int fd;

	if (lstat(address->sun_path, &status) < 0 || !S_ISSOCK(status.st_mode))
		return HOLDER_OTHER;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return HOLDER_OTHER;
	if (connect(fd, (const struct sockaddr *)address, sizeof *address) < 0)
		holder = errno == ECONNREFUSED ? HOLDER_NONE : HOLDER_OTHER;
	else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &len) == 0)
		holder = HOLDER_LIVE;
	close(fd);
	return holder;
}

/* Linux gives the file the mode of the socket, less the umask. */
static int
bind_unix(int fd, const struct sockaddr_un *address)
{
	if (fchmod(fd, SOCKET_MODE) < 0)
		return -1;
	return bind(fd, (const struct sockaddr *)address, sizeof *address);
}

/* The path is taken: take it over from a process that has gone. */
static int
replace(int fd, const struct sockaddr_un *address, char *error,
    size_t error_size)
{
	struct ucred peer;

	switch (find_holder(address, &peer)) {
	case HOLDER_LIVE:
		snprintf(error, error_size, "process %ld listens there already",
		    (long)peer.pid);
		return -1;
	case HOLDER_OTHER:
		snprintf(error, error_size,
		    "%s, and it is not a socket that a process has left behind",
		    strerror(EADDRINUSE));
		return -1;
	case HOLDER_NONE:
		break;
	}
	log_info("stale socket removed", log_str("address", address->sun_path));
	if (unlink(address->sun_path) == 0 && bind_unix(fd, address) == 0)
		return 0;
	snprintf(error, error_size, "%m");
	return -1;
}

/* The directory of the default address may not be there yet. */
static void
make_directory(const char *path)
{
	char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));

	mkdir(dir, DIRECTORY_MODE); /* if this fails, bind(2) says why */
	free(dir);
}

static int
take_path(int fd, const struct sockaddr_un *address, char *error,
    size_t error_size)
{
	if (bind_unix(fd, address) == 0)
		return 0;
	if (errno == EADDRINUSE)
		return replace(fd, address, error, error_size);
	snprintf(error, error_size, "%m");
	return -1;
}

static int
open_unix(const struct config_http_address *from, struct http_sockets *sockets,
    char *error, size_t error_size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct stat status;

	if (fd < 0) {
		snprintf(error, error_size, "%m");
		return -1;
	}
	sockets->fds[sockets->count++] = fd;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", from->path);
	if (from->is_default)
		make_directory(from->path);
	if (take_path(fd, &address, error, error_size) < 0)
		return -1;
	if (lstat(from->path, &status) < 0 || listen(fd, BACKLOG) < 0) {
		snprintf(error, error_size, "%m");
		return -1;
	}
	sockets->path = xstrdup(from->path);
	sockets->device = status.st_dev;
	sockets->inode = status.st_ino;
	return 0;
}

/* --- Both -------------------------------------------------------------------
 */

int
http_bind_open(const struct config_http_address *address,
    struct http_sockets *sockets, char *error, size_t error_size)
{
	int result;

	*sockets = (struct http_sockets){ .count = 0 };
	result = address->path != NULL
	    ? open_unix(address, sockets, error, error_size)
	    : open_tcp(address, sockets, error, error_size);
	if (result < 0)
		http_bind_close(sockets);
	return result;
}

/* Another process may have replaced our file by its own. */
static void
remove_file(const struct http_sockets *sockets)
{
	struct stat status;

	if (lstat(sockets->path, &status) == 0 &&
	    status.st_dev == sockets->device && status.st_ino == sockets->inode)
		unlink(sockets->path);
}

void
http_bind_close(struct http_sockets *sockets)
{
	if (sockets->path != NULL)
		remove_file(sockets);
	for (size_t i = 0; i < sockets->count; i++)
		close(sockets->fds[i]);
	free(sockets->path);
	*sockets = (struct http_sockets){ .count = 0 };
}
