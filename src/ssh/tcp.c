/* SPDX-License-Identifier: PostgreSQL */

/*
 * Happy eyeballs (RFC 8305) in sequential code: one list of addresses in which
 * the families take turns, one set of sockets that are connecting, one poll()
 * for all.  This file knows nothing of names, nor of what is spoken on the
 * socket.
 */
#include "ssh/tcp.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "ssh/await.h"

/* RFC 8305, 8: Connection Attempt Delay. */
#define STAGGER_MS 250

/* Of a name with more addresses, only the first ones are tried. */
#define ATTEMPTS_MAX 16

struct race {
	const struct addrinfo *entries[ATTEMPTS_MAX]; /* in order of trial */
	struct pollfd fds[ATTEMPTS_MAX]; /* -1: not begun, or given up */
	size_t count, begun, running;
	int64_t next_ms; /* when the next attempt begins */
	bool was_refused;
	int error;    /* errno of the last failure but a refusal */
	int no_route; /* errno when this machine could not even try */
};

static const struct addrinfo *
skip_to(const struct addrinfo *entry, int family, bool is_same)
{
	while (entry != NULL && (entry->ai_family == family) != is_same)
		entry = entry->ai_next;
	return entry;
}

/*
 * RFC 8305, 4: keep the resolver's order within each family; let the families
 * take turns, beginning with the one that the resolver put first.
 */
static void
line_up(struct race *race, const struct addrinfo *addresses)
{
	int family = addresses->ai_family;
	const struct addrinfo *same = addresses;
	const struct addrinfo *other = skip_to(addresses, family, false);

	while (race->count < ATTEMPTS_MAX && (same != NULL || other != NULL)) {
		if (same != NULL) {
			race->entries[race->count++] = same;
			same = skip_to(same->ai_next, family, true);
		}
		if (other != NULL && race->count < ATTEMPTS_MAX) {
			race->entries[race->count++] = other;
			other = skip_to(other->ai_next, family, false);
		}
	}
	for (size_t i = 0; i < race->count; i++)
		race->fds[i] = (struct pollfd){ .fd = -1, .events = POLLOUT };
}

/*
 * A family for which this machine has no route says nothing about the peer, so
 * an IPv4 refusal beside it stays a refusal.
 */
static void
note_failure(struct race *race, int error)
{
	switch (error) {
	case ECONNREFUSED:
		race->was_refused = true;
		break;
	case ENETUNREACH:
	case EAFNOSUPPORT:
	case EADDRNOTAVAIL:
		race->no_route = error;
		break;
	default:
		race->error = error;
		break;
	}
}

static void
give_up(struct race *race, size_t i, int error)
{
	note_failure(race, error);
	close(race->fds[i].fd);
	race->fds[i].fd = -1;
	race->running--;
	race->next_ms = 0;
}

static void
begin(struct race *race)
{
	size_t i = race->begun++;
	const struct addrinfo *entry = race->entries[i];
	int fd = socket(entry->ai_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd < 0) {
		note_failure(race, errno);
		return;
	}
	race->fds[i].fd = fd;
	race->running++;
	race->next_ms = clock_ms() + STAGGER_MS;
	if (connect(fd, entry->ai_addr, entry->ai_addrlen) != 0 &&
	    errno != EINPROGRESS && errno != EINTR)
		give_up(race, i, errno);
}

/* Begin what is due: the first attempt; the next after 250 ms or a failure. */
static void
begin_due(struct race *race)
{
	while (race->begun < race->count &&
	    (race->running == 0 || clock_ms() >= race->next_ms))
		begin(race);
}

/* The first attempt that connected; -1: none, and failures were noted. */
static int
look(struct race *race)
{
	for (size_t i = 0; i < race->begun; i++) {
		int error = 0;
		socklen_t len = sizeof error;

		if (race->fds[i].fd < 0 || race->fds[i].revents == 0)
			continue;
		if (getsockopt(race->fds[i].fd, SOL_SOCKET, SO_ERROR, &error,
			&len) != 0)
			error = errno;
		if (error == 0)
			return (int)i;
		give_up(race, i, error);
	}
	return -1;
}

static enum tcp_status
lost(const struct race *race, char *words, size_t words_size)
{
	int error = race->error != 0 ? race->error : race->no_route;

	if (race->was_refused && race->error == 0)
		return TCP_REFUSED;
	if (error == ECONNRESET)
		return TCP_RESET;
	snprintf(words, words_size, "%s", strerror(error));
	return TCP_UNREACHABLE;
}

static enum tcp_status
won(struct race *race, size_t i, int *fd_out, char *words, size_t words_size)
{
	const struct addrinfo *entry = race->entries[i];
	int on = 1;

	*fd_out = race->fds[i].fd;
	race->fds[i].fd = -1;
	setsockopt(*fd_out, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	getnameinfo(entry->ai_addr, entry->ai_addrlen, words,
	    (socklen_t)words_size, NULL, 0, NI_NUMERICHOST);
	return TCP_CONNECTED;
}

static enum tcp_status
run(struct race *race, int64_t deadline_ms, int cancel_fd, int *fd_out,
    char *words, size_t words_size)
{
	for (;;) {
		int64_t until_ms = deadline_ms;
		int winner;

		begin_due(race);
		if (race->running == 0)
			return lost(race, words, words_size);
		if (race->begun < race->count && race->next_ms < until_ms)
			until_ms = race->next_ms;
		switch (
		    await_any(race->fds, race->begun, until_ms, cancel_fd)) {
		case AWAIT_CANCELLED:
			return TCP_CANCELLED;
		case AWAIT_TIMEOUT:
			if (clock_ms() >= deadline_ms)
				return TCP_TIMEOUT;
			break;
		case AWAIT_READY:
			winner = look(race);
			if (winner >= 0)
				return won(race, (size_t)winner, fd_out, words,
				    words_size);
			break;
		}
	}
}

enum tcp_status
tcp_connect(const struct addrinfo *addresses, int64_t deadline_ms,
    int cancel_fd, int *fd_out, char *words, size_t words_size)
{
	struct race race = { 0 };
	enum tcp_status status;

	assert(addresses != NULL && words_size > 0);
	words[0] = '\0';
	line_up(&race, addresses);
	status = run(&race, deadline_ms, cancel_fd, fd_out, words, words_size);
	for (size_t i = 0; i < race.begun; i++)
		if (race.fds[i].fd >= 0)
			close(race.fds[i].fd);
	return status;
}

/* The kernel takes keepalive times in whole seconds, TCP_USER_TIMEOUT in ms. */
void
tcp_keepalive(int fd, int64_t interval_ms, unsigned count)
{
	int seconds = (int)((interval_ms + 999) / 1000);
	unsigned silence_ms = (unsigned)interval_ms * (count + 1);
	const struct {
		int level, name, value;
	} options[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, seconds },
		{ IPPROTO_TCP, TCP_KEEPINTVL, seconds },
		{ IPPROTO_TCP, TCP_KEEPCNT, (int)count },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, (int)silence_ms },
	};

	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		setsockopt(fd, options[i].level, options[i].name,
		    &options[i].value, sizeof options[i].value);
}

bool
tcp_is_delivered(int fd)
{
	int queued = 0;

	return ioctl(fd, SIOCOUTQ, &queued) != 0 || queued == 0;
}
