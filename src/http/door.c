/* SPDX-License-Identifier: PostgreSQL */

/*
 * When all connections are taken, the listeners rest; whoever comes then waits
 * in the kernel.  Connections without a complete request make room one by one,
 * the oldest first, once they had CROWD_MS: so a probe is answered within
 * seconds, however many clients connect and say nothing.
 */
#include "http/door.h"

#include <event2/event.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "http/answer.h"
#include "http/bind.h"
#include "http/exchange.h"

/* Probes, a Prometheus or two, people: these never come near it. */
#define CONNECTIONS_MAX 64
/* Enough for a request over any network, while others wait. */
#define CROWD_MS 500
/* Descriptors that are kept for connections while there are no others. */
#define SPARES 8
/* The pause where not even those help. */
#define RETRY_MS 200

struct connection {
	TAILQ_ENTRY(connection) entry;
	struct http_exchange *exchange;
};

TAILQ_HEAD(connections, connection);

struct http_door {
	struct http_door_setup setup;
	struct http_exchange_home home;
	struct http_sockets sockets;
	struct event *acceptable[HTTP_BIND_MAX];
	struct event *again;           /* accept again, or make room */
	struct event *reaper;          /* frees what is over */
	struct connections live, over; /* the oldest first */
	size_t count;                  /* of both */
	uint64_t seen;                 /* the id of the last one */
	int spares[SPARES];
	size_t spare_count;
};

/* --- Spare descriptors ------------------------------------------------------
 */

static void
refill(struct http_door *door)
{
	while (door->spare_count < SPARES) {
		int fd = fcntl(door->sockets.fds[0], F_DUPFD_CLOEXEC, 0);

		if (fd < 0)
			return;
		door->spares[door->spare_count++] = fd;
	}
}

static void
close_spares(struct http_door *door)
{
	while (door->spare_count > 0)
		close(door->spares[--door->spare_count]);
}

/* --- Connections ------------------------------------------------------------
 */

static void
rest(struct http_door *door)
{
	for (size_t i = 0; i < door->sockets.count; i++)
		event_del(door->acceptable[i]);
}

static void
wake(struct http_door *door)
{
	for (size_t i = 0; i < door->sockets.count; i++)
		event_add(door->acceptable[i], NULL);
}

static void
on_reap(evutil_socket_t fd, short what, void *arg)
{
	struct http_door *door = arg;
	struct connection *connection;

	(void)fd, (void)what;
	while ((connection = TAILQ_FIRST(&door->over)) != NULL) {
		TAILQ_REMOVE(&door->over, connection, entry);
		http_exchange_free(connection->exchange);
		free(connection);
		door->count--;
	}
	refill(door);
	wake(door);
}

static struct connection *
find(const struct http_door *door, const struct http_exchange *exchange)
{
	struct connection *connection;

	TAILQ_FOREACH(connection, &door->live, entry)
		if (connection->exchange == exchange)
			break;
	return connection;
}

static void
on_over(void *arg, struct http_exchange *exchange)
{
	struct http_door *door = arg;
	struct connection *connection = find(door, exchange);

	TAILQ_REMOVE(&door->live, connection, entry);
	TAILQ_INSERT_TAIL(&door->over, connection, entry);
	event_active(door->reaper, EV_TIMEOUT, 0);
}

static void
on_request(void *arg, struct http_exchange *exchange,
    const struct http_request *request, bool is_loopback,
    struct http_answer *answer)
{
	struct http_door *door = arg;
	const struct config_http_address *address = door->setup.address;
	const struct http_call call = {
		.request = request,
		.is_admin = door->setup.is_admin,
		.is_socket = address->path != NULL,
		.is_loopback = is_loopback,
		.is_exposed = !address->is_loopback,
		.door = door,
		.id = http_exchange_id(exchange),
	};

	door->setup.on_call(door->setup.arg, &call, answer);
}

void
http_door_answer(struct http_door *door, uint64_t id,
    const struct http_answer *answer)
{
	struct connection *connection;

	TAILQ_FOREACH(connection, &door->live, entry)
		if (http_exchange_id(connection->exchange) == id) {
			http_exchange_answer(connection->exchange, answer);
			return;
		}
}

/* --- Accepting --------------------------------------------------------------
 */

/* A Unix socket is for pgjump's own user and for root, whatever its mode. */
static bool
is_welcome(const struct http_door *door, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	if (door->setup.address->path == NULL)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    (peer.uid == geteuid() || peer.uid == 0))
		return true;
	log_warning("admin client refused",
	    log_str("address", door->setup.address->label),
	    log_num("uid", (int64_t)peer.uid), log_num("pid", peer.pid));
	return false;
}

static void
add(struct http_door *door, int take_fd)
{
	struct connection *connection = xcalloc(1, sizeof *connection);

	connection->exchange = http_exchange_new(&door->home, ++door->seen,
	    take_fd);
	TAILQ_INSERT_TAIL(&door->live, connection, entry);
	door->count++;
}

static int
accept_one(int listener)
{
	return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* The same with a spare descriptor, where there is no other. */
static int
accept_with_spare(struct http_door *door, int listener)
{
	int fd = accept_one(listener);

	while (fd < 0 && (errno == EMFILE || errno == ENFILE) &&
	    door->spare_count > 0) {
		close(door->spares[--door->spare_count]);
		fd = accept_one(listener);
	}
	return fd;
}

static void
try_again_in(struct http_door *door, int64_t wait_ms)
{
	struct timeval wait = clock_timeval(wait_ms);

	event_add(door->again, &wait);
}

/* The oldest connection whose request is not complete; NULL: there is none. */
static struct connection *
oldest(const struct http_door *door)
{
	struct connection *connection;

	TAILQ_FOREACH(connection, &door->live, entry)
		if (http_exchange_is_reading(connection->exchange))
			break;
	return connection;
}

/* All connections are taken, and somebody waits. */
static void
make_room(struct http_door *door)
{
	struct connection *connection = oldest(door);
	int64_t age_ms;

	if (connection == NULL)
		return;
	age_ms = clock_ms() - http_exchange_start_ms(connection->exchange);
	if (age_ms >= CROWD_MS)
		http_exchange_end(connection->exchange);
	else
		try_again_in(door, CROWD_MS - age_ms);
}

static void
on_acceptable(evutil_socket_t listener, short what, void *arg)
{
	struct http_door *door = arg;
	int fd;

	(void)what;
	if (door->count >= CONNECTIONS_MAX) {
		rest(door);
		make_room(door);
		return;
	}
	fd = accept_with_spare(door, listener);
	if (fd < 0) {
		if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR)
			return;
		rest(door);
		try_again_in(door, RETRY_MS);
	} else if (is_welcome(door, fd)) {
		add(door, fd);
	} else {
		close(fd);
	}
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct http_door *door = arg;

	(void)fd, (void)what;
	refill(door);
	wake(door);
}

/* --- Life -------------------------------------------------------------------
 */

struct http_door *
http_door_open(const struct http_door_setup *setup, char *error,
    size_t error_size)
{
	struct http_door *door = xcalloc(1, sizeof *door);

	if (http_bind_open(setup->address, &door->sockets, error, error_size) <
	    0) {
		free(door);
		return NULL;
	}
	door->setup = *setup;
	door->home = (struct http_exchange_home){
		.base = setup->base,
		.on_request = on_request,
		.on_over = on_over,
		.arg = door,
	};
	TAILQ_INIT(&door->live);
	TAILQ_INIT(&door->over);
	for (size_t i = 0; i < door->sockets.count; i++)
		door->acceptable[i] = loop_event(setup->base,
		    door->sockets.fds[i], EV_READ | EV_PERSIST, on_acceptable,
		    door);
	door->again = loop_event(setup->base, -1, 0, on_again, door);
	door->reaper = loop_event(setup->base, -1, 0, on_reap, door);
	refill(door);
	wake(door);
	return door;
}

static void
free_all(struct connections *connections)
{
	struct connection *connection;

	while ((connection = TAILQ_FIRST(connections)) != NULL) {
		TAILQ_REMOVE(connections, connection, entry);
		http_exchange_free(connection->exchange);
		free(connection);
	}
}

void
http_door_close(struct http_door *door)
{
	if (door == NULL)
		return;
	for (size_t i = 0; i < door->sockets.count; i++)
		event_free(door->acceptable[i]);
	free_all(&door->live);
	free_all(&door->over);
	event_free(door->again);
	event_free(door->reaper);
	close_spares(door);
	http_bind_close(&door->sockets);
	free(door);
}
