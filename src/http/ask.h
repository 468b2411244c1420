/* SPDX-License-Identifier: PostgreSQL */

/*
 * The other side of HTTP: a command that asks a running pgjump.  Blocks, within
 * a deadline.
 */
#ifndef PGJUMP_HTTP_ASK_H
#define PGJUMP_HTTP_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_http_address;

struct http_reply {
	unsigned status;
	char *body; /* ends with NUL */
	size_t len;
};

/*
 * False, and `error` says why, if there is no complete answer by `deadline_ms`
 * (base/clock.h).  `target` is a path and perhaps a query.
 */
bool http_ask(const struct config_http_address *, const char *method,
    const char *target, int64_t deadline_ms, struct http_reply *, char *error,
    size_t error_size);
void http_ask_clear(struct http_reply *);

#endif
