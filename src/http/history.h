/* SPDX-License-Identifier: PostgreSQL */

/*
 * The last hour of each connection, minute by minute.  A connection is known by
 * its name, so that its history outlives a reload.
 */
#ifndef PGJUMP_HTTP_HISTORY_H
#define PGJUMP_HTTP_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#define HTTP_HISTORY_MINUTES 60

/* A minute: clients at its end, and what has passed in it. */
struct http_minute {
	uint64_t clients, to_database, to_client, failures;
};

struct http_history;

struct http_history *http_history_new(void);
void http_history_free(struct http_history *);

/*
 * A minute of all connections is over: begin, note each of them, end.  What was
 * not noted is forgotten.  `totals` has the clients of now, and sums since the
 * start.
 */
void http_history_begin(struct http_history *);
void http_history_note(struct http_history *, const char *name,
    const struct http_minute *totals);
void http_history_end(struct http_history *);

/* Its minutes, the oldest first; their number.  `out` has room for all. */
size_t http_history_read(const struct http_history *, const char *name,
    struct http_minute out[HTTP_HISTORY_MINUTES]);

#endif
