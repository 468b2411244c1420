/* SPDX-License-Identifier: PostgreSQL */

#include "http/health.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "client/gate.h"
#include "config/config.h"
#include "http/answer.h"
#include "http/door.h"
#include "http/query.h"
#include "http/request.h"
#include "http/site.h"
#include "jump/box.h"

/*
 * A loop that has not turned for so long is stuck: every step of it is meant to
 * take milliseconds.
 */
#define STUCK_MS 30000

/* Which tunnels must be up. */
enum tunnels {
	TUNNELS_UNASKED,
	TUNNELS_ANY,
	TUNNELS_ALL,
};

/* What a readiness request asks for. */
struct question {
	char connection[80]; /* "" for all of them */
	enum tunnels tunnels;
};

static void
ok(struct http_answer *answer)
{
	http_answer_line(answer, 200, "ok");
}

/* True: pgjump has started and does not stop; else the answer is made. */
static bool
is_running(struct http_site *site, struct http_answer *answer)
{
	enum http_phase phase = http_site_phase(site);

	if (phase == HTTP_RUNNING)
		return true;
	http_answer_line(answer, 503,
	    phase == HTTP_STARTING ? "pgjump is starting"
				   : "pgjump is stopping");
	return false;
}

void
http_health_startup(struct http_site *site, const struct http_call *call,
    struct http_answer *answer)
{
	(void)call;
	if (http_site_phase(site) == HTTP_STARTING)
		http_answer_line(answer, 503,
		    "pgjump is starting: not every port is open yet");
	else
		ok(answer);
}

/* --- Readiness --------------------------------------------------------------
 */

/* False: the question is not understood, and the answer is made. */
static bool
read_question(const struct http_call *call, struct question *question,
    struct http_answer *answer)
{
	const char *query = call->request->query;
	char tunnels[8] = "";

	*question = (struct question){ .tunnels = TUNNELS_UNASKED };
	if (http_query_has(query, "connection") &&
	    (!http_query_read(query, "connection", question->connection,
		 sizeof question->connection) ||
		question->connection[0] == '\0')) {
		http_answer_line(answer, 404,
		    "there is no connection of this name");
		return false;
	}
	if (!http_query_has(query, "tunnels"))
		return true;
	http_query_read(query, "tunnels", tunnels, sizeof tunnels);
	if (strcmp(tunnels, "any") == 0)
		question->tunnels = TUNNELS_ANY;
	else if (strcmp(tunnels, "all") == 0)
		question->tunnels = TUNNELS_ALL;
	else
		http_answer_line(answer, 400, "tunnels must be any or all");
	return question->tunnels != TUNNELS_UNASKED;
}

static bool
is_meant(const struct question *question,
    const struct config_connection *connection)
{
	return question->connection[0] == '\0' ||
	    strcmp(question->connection, connection->name) == 0;
}

/* A connection without tunnel has none that could be down. */
static bool
is_tunnel_up(const struct http_view *view,
    const struct config_connection *connection)
{
	struct jump_box_state box;

	if (connection->jump == NULL)
		return true;
	jump_box_look(view->boxes[connection->jump->index], &box);
	return box.links > 0;
}

static bool
is_full(const struct http_view *view,
    const struct config_connection *connection)
{
	struct gate_state gate = gate_look(view->gates[connection->index]);

	return gate.clients >= connection->max_clients;
}

/* The names of those of which `is` is true, after a heading. */
static void
name_all(const struct http_view *view, const struct question *question,
    const char *heading, struct http_answer *answer,
    bool (*is)(const struct http_view *, const struct config_connection *))
{
	FILE *out = http_answer_begin(answer, 503, HTTP_ANSWER_TEXT);
	const char *separator = ": ";

	fputs(heading, out);
	for (size_t i = 0; i < view->cfg->connection_count; i++) {
		const struct config_connection *each = &view->cfg
							    ->connections[i];

		if (!is_meant(question, each) || !is(view, each))
			continue;
		fprintf(out, "%s%s", separator, each->name);
		separator = ", ";
	}
	putc('\n', out);
	http_answer_end(answer, out);
}

static bool
is_tunnel_down(const struct http_view *view,
    const struct config_connection *connection)
{
	return !is_tunnel_up(view, connection);
}

static void
judge(const struct http_view *view, const struct question *question,
    struct http_answer *answer)
{
	size_t meant = 0, full = 0, up = 0;

	for (size_t i = 0; i < view->cfg->connection_count; i++) {
		const struct config_connection *each = &view->cfg
							    ->connections[i];

		if (!is_meant(question, each))
			continue;
		meant++;
		full += is_full(view, each);
		up += is_tunnel_up(view, each);
	}
	if (meant == 0)
		http_answer_line(answer, 404,
		    "there is no connection of this name");
	else if (full == meant)
		name_all(view, question, "no place is free for a client",
		    answer, is_full);
	else if ((question->tunnels == TUNNELS_ANY && up == 0) ||
	    (question->tunnels == TUNNELS_ALL && up < meant))
		name_all(view, question, "the tunnel is down", answer,
		    is_tunnel_down);
	else
		ok(answer);
}

void
http_health_readiness(struct http_site *site, const struct http_call *call,
    struct http_answer *answer)
{
	const struct http_view *view;
	struct question question;

	if (!is_running(site, answer) ||
	    !read_question(call, &question, answer))
		return;
	view = http_site_lock(site);
	judge(view, &question, answer);
	http_site_unlock(site);
}

/* --- Liveness ---------------------------------------------------------------
 */

void
http_health_liveness(struct http_site *site, const struct http_call *call,
    struct http_answer *answer)
{
	const struct http_setup *setup = &site->setup;

	(void)call;
	for (unsigned i = 0;
	     http_site_phase(site) != HTTP_STARTING && i < setup->cfg->workers;
	     i++) {
		int64_t idle_ms = clock_ms() - setup->turned_ms(setup->arg, i);

		if (idle_ms < STUCK_MS)
			continue;
		http_answer_line(answer, 503,
		    "worker %u has not turned its loop for %s", i,
		    clock_text(idle_ms).text);
		return;
	}
	ok(answer);
}
