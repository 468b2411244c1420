/* SPDX-License-Identifier: PostgreSQL */

/*
 * A listener, and a relay for the admitted socket.  The two sockets of a
 * connection are recognised by their addresses: the local address of one is the
 * peer address of the other.
 */
#include "check/door.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/secret.h"
#include "base/socket_stream.h"
#include "base/stream.h"
#include "base/xmalloc.h"
#include "check/route.h"
#include "client/relay.h"

#define SCRATCH_LEN 65536

/* A login and one row need a few KB.  libpq keeps everything it is sent in
 * memory, so a database must not send without end. */
#define TO_CLIENT_MAX (1024 * 1024)

struct check_door {
	struct check_route *route;
	const struct dial *dial;
	int fd;
	struct sockaddr_in address;
	struct event *knock;
	struct relay *relay; /* NULL: no socket was admitted */
	struct relay_traffic traffic;
	char *scratch;
};

/* These two only end the turn; check_door_step() does the work. */
static void
on_knock(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}

static void
on_ready(void *arg)
{
	(void)arg;
}

/* A listening socket on a free port; -1 with errno. */
static int
listen_somewhere(struct sockaddr_in *address)
{
	socklen_t len = sizeof *address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	*address = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)address, len) == 0 &&
	    listen(fd, 8) == 0 &&
	    getsockname(fd, (struct sockaddr *)address, &len) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

struct check_door *
check_door_open(struct check_route *route, const struct dial *dial)
{
	struct sockaddr_in address;
	int fd = listen_somewhere(&address);
	struct check_door *door;

	if (fd < 0)
		return NULL;
	door = xcalloc(1, sizeof *door);
	door->route = route;
	door->dial = dial;
	door->fd = fd;
	door->address = address;
	door->scratch = xmalloc(SCRATCH_LEN);
	door->knock = loop_event(check_route_base(route), fd,
	    EV_READ | EV_PERSIST, on_knock, door);
	event_add(door->knock, NULL);
	return door;
}

void
check_door_close(struct check_door *door)
{
	if (door == NULL)
		return;
	relay_free(door->relay, false);
	event_free(door->knock);
	close(door->fd);
	secret_wipe(door->scratch, SCRATCH_LEN);
	free(door->scratch);
	free(door);
}

unsigned
check_door_port(const struct check_door *door)
{
	return ntohs(door->address.sin_port);
}

bool
check_door_is_busy(const struct check_door *door)
{
	return door->relay != NULL;
}

static bool
is_same(const struct sockaddr_in *one, const struct sockaddr_in *other)
{
	return one->sin_family == AF_INET && other->sin_family == AF_INET &&
	    one->sin_port == other->sin_port &&
	    one->sin_addr.s_addr == other->sin_addr.s_addr;
}

/* Is the visitor the other end of `own_fd`? */
static bool
is_own(const struct check_door *door, const struct sockaddr_in *visitor,
    int own_fd)
{
	struct sockaddr_in local = { 0 }, peer = { 0 };
	socklen_t local_len = sizeof local, peer_len = sizeof peer;

	return own_fd >= 0 &&
	    getsockname(own_fd, (struct sockaddr *)&local, &local_len) == 0 &&
	    getpeername(own_fd, (struct sockaddr *)&peer, &peer_len) == 0 &&
	    is_same(&local, visitor) && is_same(&peer, &door->address);
}

/* Accept every connection that waits and close all but the one to admit, which
 * is returned; -1: it has not come. */
static int
answer_knocks(const struct check_door *door, int own_fd)
{
	struct sockaddr_in visitor;
	socklen_t len = sizeof visitor;
	int fd, admitted = -1;

	while ((fd = accept4(door->fd, (struct sockaddr *)&visitor, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (admitted < 0 && is_own(door, &visitor, own_fd))
			admitted = fd;
		else
			close(fd);
		len = sizeof visitor;
	}
	return admitted;
}

static enum failure
let_in(struct check_door *door, int take_fd, struct fault *fault)
{
	struct relay_setup setup = {
		.is_opaque = true,
		.scratch = door->scratch,
		.scratch_len = SCRATCH_LEN,
		.traffic = &door->traffic,
	};
	struct check_opened opened;

	relay_free(door->relay, false);
	door->relay = NULL;
	if (check_route_database(door->route, door->dial, &opened, fault) !=
	    FAIL_NONE) {
		close(take_fd);
		return fault->code;
	}
	setup.take_client = socket_stream_open(check_route_base(door->route),
	    take_fd);
	stream_listen(setup.take_client, on_ready, NULL);
	setup.take_database = opened.stream;
	door->relay = relay_new(&setup);
	return FAIL_NONE;
}

static enum failure
pump(struct check_door *door, struct fault *fault)
{
	enum relay_status status;

	do
		status = relay_pump(door->relay);
	while (
	    status == RELAY_AGAIN && door->traffic.to_client <= TO_CLIENT_MAX);
	if (door->traffic.to_client > TO_CLIENT_MAX)
		fault_set(fault, FAIL_DB_REJECTED, "its answer does not end");
	else if (status == RELAY_OPEN || status == RELAY_DATABASE_ENDED)
		return FAIL_NONE;
	if (status == RELAY_DATABASE_LOST)
		relay_fault(door->relay, fault);
	relay_free(door->relay, false);
	door->relay = NULL;
	return fault->code;
}

enum failure
check_door_step(struct check_door *door, int own_fd, struct fault *fault)
{
	int fd = answer_knocks(door, own_fd);

	if (fd >= 0 && let_in(door, fd, fault) != FAIL_NONE)
		return fault->code;
	return door->relay != NULL ? pump(door, fault) : FAIL_NONE;
}
