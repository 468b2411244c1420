/* SPDX-License-Identifier: PostgreSQL */

/*
 * Names into addresses by a deadline.  getaddrinfo() cannot be interrupted, so
 * it runs in a detached thread, whose reference-counted result is dropped if
 * the deadline passes.  A resolver has at most one such thread for a name: a
 * second caller waits for that thread, or takes an answer that came too late
 * for the first.
 */
#ifndef PGJUMP_SSH_RESOLVER_H
#define PGJUMP_SSH_RESOLVER_H

#include <netdb.h>
#include <stddef.h>
#include <stdint.h>

struct resolver;

enum resolver_status {
	RESOLVE_OK,
	RESOLVE_UNKNOWN, /* `words` holds the resolver's own */
	RESOLVE_TIMEOUT,
	RESOLVE_CANCELLED, /* `cancel_fd` became readable */
};

struct resolver *resolver_new(void);
void resolver_free(
    struct resolver *); /* threads still running end by themselves */

/*
 * Find the addresses of `host` for TCP port `port`; at least one on RESOLVE_OK,
 * which the caller releases with resolver_release().  An address literal is
 * answered at once without a thread.  `deadline_ms` is a time of base/clock.h;
 * `cancel_fd` may be -1.  Any thread may call this, several at once.
 */
enum resolver_status resolver_ask(struct resolver *, const char *host,
    unsigned port, int64_t deadline_ms, int cancel_fd, struct addrinfo **out,
    char *words, size_t words_size);

/*
 * Release the result of resolver_ask(); freeaddrinfo() would not do.  NULL is
 * fine.
 */
void resolver_release(struct addrinfo *);

#endif
