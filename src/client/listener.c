/* SPDX-License-Identifier: PostgreSQL */

/*
 * The listening sockets of one `listen` entry.  They accept a bounded number of
 * clients a turn.  When descriptors or memory run out, they log that once, log
 * the recovery once, and do not spin in between.  The file of a Unix socket is
 * removed only when it is our own, or when no process answers behind it.
 */
#include "client/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/xmalloc.h"
#include "config/config.h"

/*
 * A burst of clients is accepted in portions, so that signals and other
 * listeners have their turn in between.
 */
#define ACCEPTS_PER_TURN 64

/*
 * The pause when the system is short of descriptors or memory: short for a
 * client that waits, long enough not to keep a busy machine busy.
 */
#define RETRY_MS 500

/*
 * Any local user may connect, as with PostgreSQL's own socket and with a
 * loopback port.  The database asks for the password, and an operator can
 * restrict the directory.
 */
#define SOCKET_MODE 0777

/* One listening socket. */
struct door {
	struct listener *listener;
	int fd;
	struct event *readable; /* not added while accepting is paused */
	struct event *retry;
	bool is_paused;
	int64_t paused_at_ms;
};

struct listener {
	struct event_base *base;
	listener_accept_fn *on_accept;
	void *arg;
	char *label;
	struct door **doors;
	size_t door_count;
	bool is_inherited; /* its socket is not ours to close */
	char *path;        /* the file of a Unix socket, with its identity */
	dev_t device;
	ino_t inode;
};

enum accepted {
	ACCEPTED,
	ACCEPT_LOST,  /* that client has gone again; another may wait */
	ACCEPT_EMPTY, /* no client waits */
	ACCEPT_SHORT, /* no descriptor or memory is left; errno says which */
};

/* accept(2) also reports errors of the new socket's network. */
static enum accepted
judge_accept(int error)
{
	switch (error) {
	case EAGAIN:
		return ACCEPT_EMPTY;
	case ECONNABORTED:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case EINTR:
	case ENETDOWN:
	case ENETUNREACH:
	case ENONET:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
	case EPERM:
	case EPROTO:
		return ACCEPT_LOST;
	default:
		return ACCEPT_SHORT;
	}
}

static enum accepted
accept_one(struct door *door)
{
	struct sockaddr_storage peer = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof peer;
	int fd = accept4(door->fd, (struct sockaddr *)&peer, &len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return judge_accept(errno);
	door->listener->on_accept(door->listener->arg, fd,
	    (struct sockaddr *)&peer, len);
	return ACCEPTED;
}

static void
pause_accepting(struct door *door)
{
	struct timeval retry = clock_timeval(RETRY_MS);

	if (!door->is_paused) {
		door->is_paused = true;
		door->paused_at_ms = clock_ms();
		log_error("accepting paused",
		    log_str("listen", door->listener->label),
		    log_str("error", strerror(errno)));
	}
	event_del(door->readable);
	event_add(door->retry, &retry);
}

static void
resume_accepting(struct door *door)
{
	if (!door->is_paused)
		return;
	door->is_paused = false;
	log_info("accepting again", log_str("listen", door->listener->label),
	    log_num("paused_ms", clock_ms() - door->paused_at_ms));
}

/*
 * A client waits, or it is time to try again.  A pause is over only when no
 * client is left waiting: otherwise a busy process at its limit would log two
 * lines for every client that comes and goes.
 */
static void
on_acceptable(evutil_socket_t fd, short events, void *arg)
{
	enum accepted last = ACCEPTED;
	struct door *door = arg;

	(void)fd, (void)events;
	event_add(door->readable, NULL);
	for (unsigned i = 0; i < ACCEPTS_PER_TURN && last <= ACCEPT_LOST; i++)
		last = accept_one(door);
	if (last == ACCEPT_SHORT)
		pause_accepting(door);
	else if (last == ACCEPT_EMPTY)
		resume_accepting(door);
}

static void
add_door(struct listener *listener, int take_fd)
{
	struct door *door = xcalloc(1, sizeof *door);

	door->listener = listener;
	door->fd = take_fd;
	door->readable = loop_event(listener->base, take_fd,
	    EV_READ | EV_PERSIST, on_acceptable, door);
	door->retry = loop_event(listener->base, -1, 0, on_acceptable, door);
	event_add(door->readable, NULL);
	listener->doors = xreallocarray(listener->doors,
	    listener->door_count + 1, sizeof *listener->doors);
	listener->doors[listener->door_count++] = door;
}

static void
door_free(struct door *door)
{
	event_free(door->readable);
	event_free(door->retry);
	if (!door->listener->is_inherited)
		close(door->fd);
	free(door);
}

/* Close after a failure, and keep its errno. */
static int
close_failed(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
	return -1;
}

static void
switch_on(int fd, int level, int option)
{
	setsockopt(fd, level, option, &(int){ 1 }, sizeof(int));
}

/*
 * Accepted sockets inherit the options (tcp(7), socket(7)).  Keepalive is on,
 * as in PostgreSQL, because a client that vanished would otherwise hold its
 * session for ever.  Returns -1 with errno.
 */
static int
listen_tcp(const struct addrinfo *address)
{
	int fd = socket(address->ai_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	switch_on(fd, SOL_SOCKET, SO_REUSEADDR);
	switch_on(fd, SOL_SOCKET, SO_KEEPALIVE);
	switch_on(fd, IPPROTO_TCP, TCP_NODELAY);
	if (address->ai_family == AF_INET6)
		switch_on(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	if (bind(fd, address->ai_addr, address->ai_addrlen) < 0 ||
	    listen(fd, SOMAXCONN) < 0)
		return close_failed(fd);
	return fd;
}

/* This machine lacks the address, or its whole family. */
static bool
is_missing(int error)
{
	return error == EADDRNOTAVAIL || error == EAFNOSUPPORT;
}

/* /etc/hosts may list an address twice, which can be bound only once. */
static bool
is_repeated(const struct addrinfo *first, const struct addrinfo *address)
{
	for (; first != address; first = first->ai_next)
		if (first->ai_addrlen == address->ai_addrlen &&
		    memcmp(first->ai_addr, address->ai_addr,
			first->ai_addrlen) == 0)
			return true;
	return false;
}

static bool
fail_tcp(char *error, size_t error_size, unsigned port)
{
	if (errno == EACCES && port < IPPORT_RESERVED)
		snprintf(error, error_size,
		    "%m: ports below %d need privileges (CAP_NET_BIND_SERVICE)",
		    IPPORT_RESERVED);
	else
		snprintf(error, error_size, "%m");
	return false;
}

/* Bind every address; false when one that exists here cannot be bound. */
static bool
open_addresses(struct listener *listener, const struct config_listen *listen,
    const struct addrinfo *first, char *error, size_t error_size)
{
	const struct addrinfo *address;
	int fd;

	for (address = first; address != NULL; address = address->ai_next) {
		if (is_repeated(first, address))
			continue;
		fd = listen_tcp(address);
		if (fd >= 0)
			add_door(listener, fd);
		else if (!is_missing(errno))
			return fail_tcp(error, error_size, listen->port);
		else
			snprintf(error, error_size, "%m");
	}
	return listener->door_count > 0 || listen->is_optional;
}

static bool
open_tcp(struct listener *listener, const struct config_listen *listen,
    char *error, size_t error_size)
{
	struct addrinfo *addresses,
	    wanted = { .ai_socktype = SOCK_STREAM,
		    .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	char port[16];
	bool is_open;
	int result;

	snprintf(port, sizeof port, "%u", listen->port);
	result = getaddrinfo(listen->host, port, &wanted, &addresses);
	if (result == EAI_MEMORY)
		xmalloc_fail(0);
	if (result != 0) {
		snprintf(error, error_size, "%s", gai_strerror(result));
		return false;
	}
	error[0] = '\0';
	is_open = open_addresses(listener, listen, addresses, error,
	    error_size);
	freeaddrinfo(addresses);
	if (is_open && error[0] != '\0')
		log_info("address skipped", log_str("listen", listen->label),
		    log_str("error", error));
	return is_open;
}

/*
 * The process behind a socket file is gone when connecting is refused.  It is
 * refused for other kinds of file, too, so those are excluded first: they are
 * not ours to remove.
 */
static bool
is_stale(const struct sockaddr_un *address)
{
	struct stat status;
	bool was_refused;
	int fd;

	if (lstat(address->sun_path, &status) < 0 || !S_ISSOCK(status.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	was_refused = connect(fd, (const struct sockaddr *)address,
			  sizeof *address) < 0 &&
	    errno == ECONNREFUSED;
	close(fd);
	return was_refused;
}

static bool
bind_unix(int fd, const struct sockaddr_un *address)
{
	const struct sockaddr *generic = (const struct sockaddr *)address;

	if (bind(fd, generic, sizeof *address) == 0)
		return true;
	if (errno != EADDRINUSE)
		return false;
	if (!is_stale(address)) {
		errno = EADDRINUSE;
		return false;
	}
	log_info("stale socket removed", log_str("listen", address->sun_path));
	return unlink(address->sun_path) == 0 &&
	    bind(fd, generic, sizeof *address) == 0;
}

/* Returns -1 with errno. */
static int
listen_unix(struct listener *listener, const struct sockaddr_un *address)
{
	struct stat status;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (!bind_unix(fd, address) ||
	    chmod(address->sun_path, SOCKET_MODE) < 0 ||
	    lstat(address->sun_path, &status) < 0 || listen(fd, SOMAXCONN) < 0)
		return close_failed(fd);
	listener->path = xstrdup(address->sun_path);
	listener->device = status.st_dev;
	listener->inode = status.st_ino;
	return fd;
}

static bool
open_unix(struct listener *listener, const struct config_listen *listen,
    char *error, size_t error_size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int len = snprintf(address.sun_path, sizeof address.sun_path,
	    "%s/.s.PGSQL.%u", listen->dir, listen->port);
	int fd;

	if (len < 0 || (size_t)len >= sizeof address.sun_path) {
		snprintf(error, error_size,
		    "path of a Unix socket is longer than %zu bytes",
		    sizeof address.sun_path - 1);
		return false;
	}
	fd = listen_unix(listener, &address);
	if (fd < 0) {
		snprintf(error, error_size, "%m");
		return false;
	}
	add_door(listener, fd);
	return true;
}

static void
use_inherited(struct listener *listener, int fd)
{
	listener->is_inherited = true;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	switch_on(fd, SOL_SOCKET, SO_KEEPALIVE);
	switch_on(fd, IPPROTO_TCP, TCP_NODELAY);
	add_door(listener, fd);
}

static bool
open_any(struct listener *listener, const struct config_listen *listen,
    char *error, size_t error_size)
{
	if (listen->inherited_fd > 0) {
		use_inherited(listener, listen->inherited_fd);
		return true;
	}
	return listen->dir != NULL
	    ? open_unix(listener, listen, error, error_size)
	    : open_tcp(listener, listen, error, error_size);
}

struct listener *
listener_open(struct event_base *base, const struct config_listen *listen,
    listener_accept_fn *on_accept, void *arg, char *error, size_t error_size)
{
	struct listener *listener = xcalloc(1, sizeof *listener);

	listener->base = base;
	listener->on_accept = on_accept;
	listener->arg = arg;
	listener->label = xstrdup(listen->label);
	if (open_any(listener, listen, error, error_size))
		return listener;
	listener_close(listener);
	return NULL;
}

unsigned
listener_port(const struct listener *listener)
{
	struct sockaddr_in6 address = { .sin6_port = 0 };
	socklen_t len = sizeof address;

	/* sockaddr_in has its port in the same place */
	getsockname(listener->doors[0]->fd, (struct sockaddr *)&address, &len);
	return ntohs(address.sin6_port);
}

/* Another process may have replaced our file by its own. */
static void
remove_file(const struct listener *listener)
{
	struct stat status;

	if (lstat(listener->path, &status) == 0 &&
	    status.st_dev == listener->device &&
	    status.st_ino == listener->inode)
		unlink(listener->path);
}

void
listener_close(struct listener *listener)
{
	if (listener == NULL)
		return;
	if (listener->path != NULL)
		remove_file(listener);
	for (size_t i = 0; i < listener->door_count; i++)
		door_free(listener->doors[i]);
	free(listener->doors);
	free(listener->path);
	free(listener->label);
	free(listener);
}
