/* SPDX-License-Identifier: PostgreSQL */

/*
 * HTTP of a running pgjump: health, metrics, status, and the commands of its
 * admin address.  It has a thread of its own, so that nothing that clients do
 * delays a probe.  All calls are for the main thread.
 */
#ifndef PGJUMP_HTTP_HTTP_H
#define PGJUMP_HTTP_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "http/view.h"

struct http;

/*
 * Listen on the addresses of the configuration, and answer from now on that
 * pgjump is starting.  -1 after a log line: an address that somebody asked for
 * cannot be had.  0 with *out NULL: there is no address.
 */
int http_open(const struct http_setup *, struct http **out);

/* From now on this is shown. */
void http_show(struct http *, const struct http_view *); /* NULL is fine */

void http_enter(struct http *, enum http_phase); /* NULL is fine */

/* The verdict on a reload, whoever asked for it; `at` is in seconds since 1970.
 */
void http_reloaded(struct http *, bool is_accepted, int64_t at,
    const char *text); /* NULL is fine */

/* End the thread, before what it shows is freed.  NULL is fine. */
void http_close(struct http *);

#endif
