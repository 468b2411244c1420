/* SPDX-License-Identifier: PostgreSQL */

/*
 * A connected TCP socket to one of several addresses, tried as in RFC 8305
 * (happy eyeballs): IPv6 and IPv4 in turn, 250 ms apart, the first answer wins.
 */
#ifndef PGJUMP_SSH_TCP_H
#define PGJUMP_SSH_TCP_H

#include <netdb.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

enum tcp_status {
	TCP_CONNECTED,
	TCP_REFUSED,     /* by every address to which there is a route */
	TCP_RESET,       /* accepted and reset at once */
	TCP_UNREACHABLE, /* `words` has the errno text of the last failure */
	TCP_TIMEOUT, /* at least one address was silent until the deadline */
	TCP_CANCELLED,
};

/*
 * On TCP_CONNECTED *fd_out is the caller's: a non-blocking, close-on-exec
 * socket with TCP_NODELAY.  `words` names the address that answered
 * ("203.0.113.10").  `deadline_ms` is a time of base/clock.h; `cancel_fd` may
 * be -1.
 */
enum tcp_status tcp_connect(const struct addrinfo *, int64_t deadline_ms,
    int cancel_fd, int *fd_out, char *words, size_t words_size);

/*
 * Let the kernel notice a dead peer: SO_KEEPALIVE with this interval and count,
 * and TCP_USER_TIMEOUT.
 */
void tcp_keepalive(int fd, int64_t interval_ms, unsigned count);

/*
 * Whether the peer's kernel has acknowledged all that was sent (tcp(7),
 * SIOCOUTQ).
 */
bool tcp_is_delivered(int fd);

#endif
