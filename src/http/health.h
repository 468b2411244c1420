/* SPDX-License-Identifier: PostgreSQL */

/*
 * Health, as orchestrators ask for it: has pgjump started, may it get clients,
 * is it alive.  A tunnel that is down makes it neither unready nor dead unless
 * the question is about tunnels, since a restart would bring no tunnel back.
 */
#ifndef PGJUMP_HTTP_HEALTH_H
#define PGJUMP_HTTP_HEALTH_H

struct http_answer;
struct http_call;
struct http_site;

void http_health_startup(struct http_site *, const struct http_call *,
    struct http_answer *);
void http_health_readiness(struct http_site *, const struct http_call *,
    struct http_answer *);
void http_health_liveness(struct http_site *, const struct http_call *,
    struct http_answer *);

#endif
