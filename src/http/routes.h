/* SPDX-License-Identifier: PostgreSQL */

/* The table of paths, and who may ask for which. */
#ifndef PGJUMP_HTTP_ROUTES_H
#define PGJUMP_HTTP_ROUTES_H

struct http_answer;
struct http_call;
struct http_site;

/* Answer a call; a status of 0: the answer comes later. */
void http_routes_call(struct http_site *, const struct http_call *,
    struct http_answer *);

#endif
