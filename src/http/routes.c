/* SPDX-License-Identifier: PostgreSQL */

#include "http/routes.h"

#include <stdbool.h>
#include <string.h>

#include "http/actions.h"
#include "http/answer.h"
#include "http/door.h"
#include "http/guard.h"
#include "http/health.h"
#include "http/metrics.h"
#include "http/request.h"
#include "http/site.h"
#include "http/status.h"

#define GET  (1U << HTTP_GET | 1U << HTTP_HEAD)
#define POST (1U << HTTP_POST)

enum audience {
	ANYBODY,   /* also where other machines can ask */
	NEIGHBOUR, /* this machine, or everybody with http_status */
	ADMIN,     /* the admin address only */
};

static const struct route {
	const char *path;
	void (*answer)(struct http_site *, const struct http_call *,
	    struct http_answer *);
	enum audience audience;
	unsigned methods;
	const char *allow;
} routes[] = {
	{ "/startup", http_health_startup, ANYBODY, GET, "GET, HEAD" },
	{ "/readiness", http_health_readiness, ANYBODY, GET, "GET, HEAD" },
	{ "/liveness", http_health_liveness, ANYBODY, GET, "GET, HEAD" },
	{ "/metrics", http_metrics, ANYBODY, GET, "GET, HEAD" },
	{ "/quitquitquit", http_actions_quit, ADMIN, GET | POST,
	    "GET, HEAD, POST" },
	{ "/status", http_status, NEIGHBOUR, GET, "GET, HEAD" },
	{ "/reload", http_actions_reload, ADMIN, POST, "POST" },
	{ "/redial", http_actions_redial, ADMIN, POST, "POST" },
};

/* --- Guards -----------------------------------------------------------------
 */

/* HTTP/1.0 needs no Host; every browser sends one. */
static bool
is_host_good(struct http_site *site, const struct http_call *call)
{
	const char *host = call->request->host;

	if (call->is_socket || host == NULL)
		return true;
	if (http_guard_is_plain(host))
		return true;
	if (call->is_loopback)
		return false;
	return http_site_allows_host(site, host);
}

/* True: the call was refused. */
static bool
is_guarded(struct http_site *site, const struct http_call *call,
    struct http_answer *answer)
{
	if (!is_host_good(site, call))
		http_answer_line(answer, 421,
		    call->is_loopback
			? "Host must be an address or localhost"
			: "Host must be an address or a name of http_hosts");
	else if (call->is_admin && call->request->has_page)
		http_answer_line(answer, 403,
		    "the admin address serves no pages of a browser");
	return answer->status != 0;
}

/* --- Routes -----------------------------------------------------------------
 */

static const struct route *
find(const char *path)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
		if (strcmp(routes[i].path, path) == 0)
			return &routes[i];
	return NULL;
}

static bool
is_allowed(const struct route *route, struct http_site *site,
    const struct http_call *call)
{
	switch (route->audience) {
	case ADMIN:
		return call->is_admin;
	case NEIGHBOUR:
		return !call->is_exposed || http_site_shows_status(site);
	case ANYBODY:
		break;
	}
	return true;
}

void
http_routes_call(struct http_site *site, const struct http_call *call,
    struct http_answer *answer)
{
	const struct route *route = find(call->request->path);

	if (is_guarded(site, call, answer))
		return;
	if (route != NULL && route->audience == ADMIN && !call->is_admin) {
		http_answer_line(answer, 404,
		    "this path is served on the admin address only");
	} else if (route == NULL || !is_allowed(route, site, call)) {
		http_answer_line(answer, 404, "there is no such path");
	} else if ((route->methods & 1U << call->request->method) == 0) {
		http_answer_line(answer, 405, "the method must be one of %s",
		    route->allow);
		answer->allow = route->allow;
	} else {
		route->answer(site, call, answer);
	}
}
