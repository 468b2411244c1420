/* SPDX-License-Identifier: PostgreSQL */

/*
 * The status of a running pgjump as JSON; src/pgjump-status.schema.json says
 * what is in it.
 */
#ifndef PGJUMP_HTTP_STATUS_H
#define PGJUMP_HTTP_STATUS_H

struct http_answer;
struct http_call;
struct http_site;

void http_status(struct http_site *, const struct http_call *,
    struct http_answer *);

/* Take note of the minute that is over. */
void http_status_minute(struct http_site *);

#endif
