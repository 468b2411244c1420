/* SPDX-License-Identifier: PostgreSQL */

/*
 * Datagrams to a socket, as sd_notify(3) defines them.  The status is looked at
 * every few seconds, and sent where it has changed.
 */
#include "command/systemd.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/xmalloc.h"
#include "client/gate.h"
#include "command/crew.h"
#include "command/shared.h"
#include "config/config.h"
#include "jump/box.h"

/* Soon enough for a person who looks, and cheap. */
#define STATUS_MS 2000

/* An idle worker turns its loop every 5 s (command/worker.c). */
#define TURN_MAX_MS 10000

struct systemd {
	int fd;
	const struct crew *crew;
	const struct shared *shared;
	struct event *status, *watchdog; /* watchdog is NULL: not asked for */
	int64_t watchdog_ms;
	bool is_refused; /* the last reload was */
	char told[128];  /* the status that was sent last */
};

/* --- Telling -------------------------------------------------------------- */

static void tell(struct systemd *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
tell(struct systemd *systemd, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (send(systemd->fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		log_debug("systemd not told",
		    log_str("error", strerror(errno)));
}

/* "3 of 4 tunnels up, 12 clients" */
static void
describe(const struct systemd *systemd, char *buf, size_t size)
{
	const struct shared *shared = systemd->shared;
	struct jump_box_state box;
	size_t up = 0;
	unsigned clients = 0;

	for (size_t i = 0; i < shared->cfg->jump_count; i++) {
		jump_box_look(shared->boxes[i], &box);
		up += box.links > 0;
	}
	for (size_t i = 0; i < shared->cfg->connection_count; i++)
		clients += gate_look(shared->gates[i]).clients;
	snprintf(buf, size, "%zu of %zu tunnels up, %u clients%s", up,
	    shared->cfg->jump_count, clients,
	    systemd->is_refused ? ", last reload refused" : "");
}

static void
tell_status(struct systemd *systemd)
{
	char text[sizeof systemd->told];

	if (systemd->shared == NULL)
		return;
	describe(systemd, text, sizeof text);
	if (strcmp(text, systemd->told) == 0)
		return;
	memcpy(systemd->told, text, sizeof text);
	tell(systemd, "STATUS=%s", text);
}

static void
on_status(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	tell_status(arg);
}

/* A worker that is stuck must be noticed, so it is not made up for. */
static void
on_watchdog(evutil_socket_t fd, short what, void *arg)
{
	struct systemd *systemd = arg;
	int64_t silent_ms = clock_ms() - crew_turned_ms(systemd->crew);

	(void)fd, (void)what;
	if (silent_ms <= TURN_MAX_MS)
		tell(systemd, "WATCHDOG=1");
	else
		log_error("a worker does not turn, the watchdog is not told",
		    log_num("silent_ms", silent_ms));
}

/* --- Its variables -------------------------------------------------------- */

/* A copy of a variable, which no child must see; NULL: it is not set. */
static char *
take_variable(const char *name)
{
	char *value = xstrdup(getenv(name));

	unsetenv(name);
	return value;
}

/* A path, or a name in the abstract name space behind "@".  -1: none. */
static int
connect_to(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	    len);
	int fd;

	if (len == 0 || len >= sizeof address.sun_path)
		return -1;
	memcpy(address.sun_path, name, len);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 &&
	    connect(fd, (const struct sockaddr *)&address, size) < 0) {
		log_warning("systemd cannot be told", log_str("socket", name),
		    log_str("error", strerror(errno)));
		close(fd);
		return -1;
	}
	return fd;
}

/* How often systemd wants to hear, in milliseconds; 0: never. */
static int64_t
take_watchdog_ms(void)
{
	char *usec = take_variable("WATCHDOG_USEC");
	char *pid = take_variable("WATCHDOG_PID");
	int64_t ms = usec != NULL ? strtoll(usec, NULL, 10) / 1000 : 0;

	if (pid != NULL && strtoll(pid, NULL, 10) != getpid())
		ms = 0;
	free(usec);
	free(pid);
	return ms > 0 ? ms : 0;
}

/* --- Life ----------------------------------------------------------------- */

static struct event *
repeat(struct event_base *base, int64_t every_ms,
    void (*callback)(int fd, short what, void *arg), struct systemd *systemd)
{
	struct event *event = loop_event(base, -1, EV_PERSIST, callback,
	    systemd);
	struct timeval every = clock_timeval(every_ms);

	event_add(event, &every);
	return event;
}

struct systemd *
systemd_open(struct event_base *base, const struct crew *crew)
{
	char *name = take_variable("NOTIFY_SOCKET");
	int64_t watchdog_ms = take_watchdog_ms();
	int fd = name != NULL ? connect_to(name) : -1;
	struct systemd *systemd;

	free(name);
	if (fd < 0)
		return NULL;
	systemd = xcalloc(1, sizeof *systemd);
	systemd->fd = fd;
	systemd->crew = crew;
	systemd->status = repeat(base, STATUS_MS, on_status, systemd);
	if (watchdog_ms > 0)
		systemd->watchdog = repeat(base, watchdog_ms / 2, on_watchdog,
		    systemd);
	tell(systemd, "READY=1");
	return systemd;
}

void
systemd_show(struct systemd *systemd, const struct shared *shared)
{
	if (systemd == NULL)
		return;
	systemd->shared = shared;
	tell_status(systemd);
}

/* systemd compares this time with that of its request to reload. */
void
systemd_reloading(struct systemd *systemd)
{
	struct timespec now;

	if (systemd == NULL)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	tell(systemd, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void
systemd_reloaded(struct systemd *systemd, bool is_accepted)
{
	if (systemd == NULL)
		return;
	systemd->is_refused = !is_accepted;
	tell(systemd, "READY=1");
	tell_status(systemd);
}

void
systemd_stopping(struct systemd *systemd)
{
	if (systemd != NULL)
		tell(systemd, "STOPPING=1");
}

void
systemd_close(struct systemd *systemd)
{
	if (systemd == NULL)
		return;
	event_free(systemd->status);
	if (systemd->watchdog != NULL)
		event_free(systemd->watchdog);
	close(systemd->fd);
	free(systemd);
}
