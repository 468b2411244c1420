/* SPDX-License-Identifier: PostgreSQL */

/*
 * Names into addresses by a deadline.  getaddrinfo() cannot be interrupted, so
 * it runs in a detached thread with a reference-counted result that is
 * forgotten when the deadline passes.  A resolver has at most one such thread
 * for a name: who asks for it again waits for that thread, or takes the answer
 * that came too late for the one before.
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
void resolver_free(struct resolver *); /* an abandoned thread is left to end */

/*
 * The addresses of `host` for TCP port `port`, at least one on RESOLVE_OK; the
 * caller releases them with resolver_release().  An address literal is answered
 * at once without a thread.  `deadline_ms` as base/clock.h; `cancel_fd` may be
 * -1. Any thread, several at once.
 */
enum resolver_status resolver_ask(struct resolver *, const char *host,
    unsigned port, int64_t deadline_ms, int cancel_fd, struct addrinfo **out,
    char *words, size_t words_size);

/* What resolver_ask() gave; not for freeaddrinfo().  NULL is fine. */
void resolver_release(struct addrinfo *);

#endif
