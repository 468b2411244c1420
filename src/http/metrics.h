/* SPDX-License-Identifier: PostgreSQL */

/*
 * The metrics.  Their labels are names of connections and jump boxes and words
 * of base/failure.def: nothing that a peer says becomes a label.
 */
#ifndef PGJUMP_HTTP_METRICS_H
#define PGJUMP_HTTP_METRICS_H

struct http_answer;
struct http_call;
struct http_site;

void http_metrics(struct http_site *, const struct http_call *,
    struct http_answer *);

#endif
