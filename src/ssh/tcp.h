/* SPDX-License-Identifier: PostgreSQL */

/*
 * A connected TCP socket to one of several addresses, tried as RFC 8305 (happy
 * eyeballs) says: IPv6 and IPv4 in turn, 250 ms apart, first answer wins.
 */
#ifndef PGJUMP_SSH_TCP_H
#define PGJUMP_SSH_TCP_H

#include <netdb.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

enum tcp_status {
	TCP_CONNECTED,
	TCP_REFUSED,     /* every address that there is a route to refused */
	TCP_RESET,       /* accepted, and reset at once */
	TCP_UNREACHABLE, /* `words` has the errno text of the last one */
	TCP_TIMEOUT,     /* at least one was still silent at the deadline */
	TCP_CANCELLED,
};

/*
 * On TCP_CONNECTED *fd_out is a non-blocking, close-on-exec socket with
 * TCP_NODELAY, the caller's; `words` names the address that answered
 * ("203.0.113.10").  `deadline_ms` as base/clock.h; `cancel_fd` may be -1.
 */
enum tcp_status tcp_connect(const struct addrinfo *, int64_t deadline_ms,
    int cancel_fd, int *fd_out, char *words, size_t words_size);

/*
 * Make the kernel notice a dead peer: SO_KEEPALIVE, its interval and count,
 * and TCP_USER_TIMEOUT, all from the keepalive settings.
 */
void tcp_keepalive(int fd, int64_t interval_ms, unsigned count);

/* All that was sent has come at the peer's kernel (tcp(7), SIOCOUTQ). */
bool tcp_is_delivered(int fd);

#endif
