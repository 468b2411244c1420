/* SPDX-License-Identifier: PostgreSQL */

/*
 * A reload that an HTTP client waits for: a message to the main thread, which
 * travels back with the verdict.
 */
#ifndef PGJUMP_HTTP_ERRAND_H
#define PGJUMP_HTTP_ERRAND_H

#include <stdbool.h>

struct http_call;
struct http_errand;
struct http_site;

/* Ask the main thread; the client of the call is answered later. */
void http_errand_reload(struct http_site *, const struct http_call *);

/* The main thread: this is the verdict.  Takes the errand. */
void http_errand_finish(struct http_errand *take, bool is_accepted,
    const char *text);

#endif
