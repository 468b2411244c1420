/* SPDX-License-Identifier: PostgreSQL */

/* What the admin address makes a running pgjump do. */
#ifndef PGJUMP_HTTP_ACTIONS_H
#define PGJUMP_HTTP_ACTIONS_H

struct http_answer;
struct http_call;
struct http_site;

/* Stop as after SIGTERM, with exit code 0. */
void http_actions_quit(struct http_site *, const struct http_call *,
    struct http_answer *);

/* ?jump=NAME: end the sleep of a jump box after failures. */
void http_actions_redial(struct http_site *, const struct http_call *,
    struct http_answer *);

/* Reload; the answer is the verdict: 200, or 409 and every error. */
void http_actions_reload(struct http_site *, const struct http_call *,
    struct http_answer *);

#endif
