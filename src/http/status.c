/* SPDX-License-Identifier: PostgreSQL */

#include "http/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/xmalloc.h"
#include "client/counts.h"
#include "client/gate.h"
#include "config/config.h"
#include "http/answer.h"
#include "http/door.h"
#include "http/history.h"
#include "http/json.h"
#include "http/query.h"
#include "http/request.h"
#include "http/site.h"
#include "jump/box.h"

/* The names in a query, which has less room than this. */
#define NAMES_MAX ((size_t)16 * 1024)

static const char *const sides[] = {
	[SIDE_TUNNEL] = "tunnel",
	[SIDE_DATABASE] = "database",
	[SIDE_CLIENT] = "client",
	[SIDE_LOCAL] = "local",
};

/* --- Who is asked for --------------------------------------------------------
 */

/* Whether a list "a,b" has this name; an empty one has every name. */
static bool
is_asked(const char *names, const char *name)
{
	size_t len = strlen(name);

	if (names[0] == '\0')
		return true;
	for (; names != NULL; names = strchr(names, ',')) {
		names += names[0] == ',';
		if (strncmp(names, name, len) == 0 &&
		    (names[len] == ',' || names[len] == '\0'))
			return true;
	}
	return false;
}

/* Whether the list has as many names as connections have. */
static bool
are_known(const struct config *cfg, const char *names)
{
	size_t asked = names[0] != '\0', known = 0;

	for (const char *comma = names; (comma = strchr(comma, ',')) != NULL;
	     comma++)
		asked++;
	for (size_t i = 0; names[0] != '\0' && i < cfg->connection_count; i++)
		known += is_asked(names, cfg->connections[i].name);
	return known == asked;
}

/* --- Failures ----------------------------------------------------------------
 */

static void
write_failure(struct http_json *json, const struct fault *fault,
    int64_t failed_ms)
{
	const struct stage_info *stage;
	char text[FAULT_DETAIL_MAX];

	if (fault->code == FAIL_NONE) {
		http_json_null(json, "last_failure");
		return;
	}
	stage = failure_stage(fault->code);
	http_json_open(json, "last_failure", '{');
	http_json_text(json, "stage", stage->label);
	http_json_text(json, "side", sides[stage->side]);
	fault_message_bare(fault, text, sizeof text);
	http_json_text(json, "message", text);
	http_json_text(json, "detail", fault->detail);
	fault_hint(fault, text, sizeof text);
	http_json_text(json, "hint", text);
	http_json_seconds(json, "age_seconds", clock_ms() - failed_ms);
	http_json_close(json, '}');
}

/* Counts by stage, those that are not 0. */
static void
write_stages(struct http_json *json, const uint64_t failures[STAGE_COUNT])
{
	http_json_open(json, "failures_by_stage", '{');
	for (enum stage stage = 0; stage < STAGE_COUNT; stage++)
		if (failures[stage] > 0)
			http_json_number(json, failure_stage_info(stage)->label,
			    (int64_t)failures[stage]);
	http_json_close(json, '}');
}

/* --- Jump boxes --------------------------------------------------------------
 */

static void
write_next_try(struct http_json *json, const struct jump_box_state *box)
{
	if (box->attempts > 0 && box->dials == 0)
		http_json_seconds(json, "next_try_seconds",
		    box->retry_ms - clock_ms());
	else
		http_json_null(json, "next_try_seconds");
}

static void
write_jump(struct http_json *json, const struct config_jump *jump,
    const struct jump_box_state *box)
{
	http_json_open(json, NULL, '{');
	http_json_text(json, "name", jump->name);
	http_json_text(json, "address", jump->label);
	http_json_text(json, "username", jump->username);
	if (jump->via != NULL)
		http_json_text(json, "via", jump->via->name);
	else
		http_json_null(json, "via");
	http_json_text(json, "state", jump_box_state_word(box));
	http_json_number(json, "links", (int64_t)box->links);
	http_json_number(json, "channels", (int64_t)box->channels);
	if (box->rtt_us > 0)
		http_json_number(json, "rtt_microseconds", box->rtt_us);
	else
		http_json_null(json, "rtt_microseconds");
	http_json_number(json, "dials_ok", (int64_t)box->counts.reached);
	http_json_number(json, "dials_failed",
	    (int64_t)box->counts.not_reached);
	http_json_number(json, "attempts", box->attempts);
	write_next_try(json, box);
	write_stages(json, box->counts.failures);
	write_failure(json, &box->fault, box->failed_ms);
	http_json_close(json, '}');
}

static bool
leads_through(const struct config_connection *connection,
    const struct config_jump *jump)
{
	const struct config_jump *each = connection->jump;

	while (each != NULL && each != jump)
		each = each->via;
	return each != NULL;
}

static bool
is_jump_asked(const struct config *cfg, const char *names, size_t jump)
{
	for (size_t i = 0; i < cfg->connection_count; i++)
		if (leads_through(&cfg->connections[i], &cfg->jumps[jump]) &&
		    is_asked(names, cfg->connections[i].name))
			return true;
	return names[0] == '\0';
}

static void
write_jumps(struct http_json *json, const struct http_view *view,
    const char *names)
{
	struct jump_box_state *box = xcalloc(1, sizeof *box);

	http_json_open(json, "jump_boxes", '[');
	for (size_t i = 0; i < view->cfg->jump_count; i++) {
		if (!is_jump_asked(view->cfg, names, i))
			continue;
		jump_box_look(view->boxes[i], box);
		write_jump(json, &view->cfg->jumps[i], box);
	}
	http_json_close(json, ']');
	free(box);
}

/* --- Connections
 * -------------------------------------------------------------- */

static const struct {
	const char *key;
	enum count which;
} counts[] = {
	{ "sessions", COUNT_SESSIONS },
	{ "bytes_to_database", COUNT_TO_DATABASE },
	{ "bytes_to_client", COUNT_TO_CLIENT },
	{ "cancels_delivered", COUNT_CANCEL_DELIVERED },
	{ "cancels_failed", COUNT_CANCEL_FAILED },
	{ "cancels_unanswered", COUNT_CANCEL_UNANSWERED },
	{ "cancels_no_turn", COUNT_CANCEL_NO_TURN },
};

/* A column of the minutes; `offset` is that of a uint64_t. */
static void
write_column(struct http_json *json, const char *key,
    const struct http_minute *minutes, size_t count, size_t offset)
{
	http_json_open(json, key, '[');
	for (size_t i = 0; i < count; i++)
		http_json_number(json, NULL,
		    (int64_t) *
			(const uint64_t *)(const void
				*)((const char *)&minutes[i] + offset));
	http_json_close(json, ']');
}

static void
write_minutes(struct http_json *json, const struct http_history *history,
    const char *name)
{
	struct http_minute minutes[HTTP_HISTORY_MINUTES];
	size_t count = http_history_read(history, name, minutes);

	http_json_open(json, "minutes", '{');
	write_column(json, "clients", minutes, count,
	    offsetof(struct http_minute, clients));
	write_column(json, "bytes_to_database", minutes, count,
	    offsetof(struct http_minute, to_database));
	write_column(json, "bytes_to_client", minutes, count,
	    offsetof(struct http_minute, to_client));
	write_column(json, "failures", minutes, count,
	    offsetof(struct http_minute, failures));
	http_json_close(json, '}');
}

static void
write_listens(struct http_json *json,
    const struct config_connection *connection)
{
	http_json_open(json, "listen", '[');
	for (size_t i = 0; i < connection->listen_count; i++)
		http_json_text(json, NULL, connection->listens[i].label);
	http_json_close(json, ']');
}

static void
write_connection(struct http_json *json,
    const struct config_connection *connection, const struct gate_report *gate,
    const struct http_history *history)
{
	http_json_open(json, NULL, '{');
	http_json_text(json, "name", connection->name);
	write_listens(json, connection);
	http_json_text(json, "database", connection->label);
	if (connection->jump != NULL)
		http_json_text(json, "jump_box", connection->jump->name);
	else
		http_json_null(json, "jump_box");
	http_json_number(json, "clients", gate->state.clients);
	http_json_number(json, "max_clients", connection->max_clients);
	http_json_number(json, "arriving", gate->state.arrivals);
	http_json_number(json, "waiting", gate->waiting);
	http_json_number(json, "probes", (int64_t)gate->state.probes);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		http_json_number(json, counts[i].key,
		    (int64_t)gate->values[counts[i].which]);
	http_json_number(json, "failures", (int64_t)gate->state.failures);
	write_stages(json, gate->failures);
	write_failure(json, &gate->fault, gate->state.failed_ms);
	write_minutes(json, history, connection->name);
	http_json_close(json, '}');
}

static void
write_connections(struct http_json *json, const struct http_view *view,
    const char *names, const struct http_history *history)
{
	struct gate_report *gate = xcalloc(1, sizeof *gate);

	http_json_open(json, "connections", '[');
	for (size_t i = 0; i < view->cfg->connection_count; i++) {
		if (!is_asked(names, view->cfg->connections[i].name))
			continue;
		gate_report(view->gates[i], gate);
		write_connection(json, &view->cfg->connections[i], gate,
		    history);
	}
	http_json_close(json, ']');
	free(gate);
}

/* --- The whole
 * ----------------------------------------------------------------- */

static void
write_reload(struct http_json *json, const struct http_site *site)
{
	if (site->reload_text == NULL) {
		http_json_null(json, "last_reload");
		return;
	}
	http_json_open(json, "last_reload", '{');
	http_json_flag(json, "accepted", site->is_reload_good);
	http_json_number(json, "at", site->reload_at);
	http_json_text(json, "text", site->reload_text);
	http_json_close(json, '}');
}

static void
write_configuration(struct http_json *json, const struct http_site *site,
    const struct config *cfg)
{
	http_json_open(json, "configuration", '{');
	http_json_text(json, "file", cfg->path);
	http_json_seconds(json, "age_seconds", clock_ms() - site->shown_ms);
	write_reload(json, site);
	http_json_close(json, '}');
}

static void
write_status(struct http_json *json, struct http_site *site,
    const struct http_view *view, const char *names)
{
	static const char *const phases[] = {
		[HTTP_STARTING] = "starting",
		[HTTP_RUNNING] = "running",
		[HTTP_STOPPING] = "stopping",
	};

	http_json_open(json, NULL, '{');
	http_json_text(json, "version", PACKAGE_VERSION);
	http_json_text(json, "phase", phases[http_site_phase(site)]);
	http_json_number(json, "started_at", (int64_t)site->start_time);
	http_json_seconds(json, "uptime_seconds", clock_ms() - site->start_ms);
	if (view != NULL) {
		write_configuration(json, site, view->cfg);
		write_jumps(json, view, names);
		write_connections(json, view, names, site->history);
	}
	http_json_close(json, '}');
}

static void
write_answer(struct http_site *site, const struct http_view *view,
    const char *names, struct http_answer *answer)
{
	struct http_json json = {
		.out = http_answer_begin(answer, 200, HTTP_ANSWER_JSON),
	};

	write_status(&json, site, view, names);
	putc('\n', json.out);
	http_answer_end(answer, json.out);
}

void
http_status(struct http_site *site, const struct http_call *call,
    struct http_answer *answer)
{
	char *names = xcalloc(1, NAMES_MAX);
	const struct http_view *view = http_site_lock(site);

	if (http_query_has(call->request->query, "connections") &&
	    !http_query_read(call->request->query, "connections", names,
		NAMES_MAX))
		http_answer_line(answer, 400, "connections is too long");
	else if (view != NULL && !are_known(view->cfg, names))
		http_answer_line(answer, 404,
		    "there is no connection of one of these names");
	else
		write_answer(site, view, names, answer);
	if (view != NULL)
		http_site_unlock(site);
	free(names);
}

void
http_status_minute(struct http_site *site)
{
	const struct http_view *view = http_site_lock(site);
	struct gate_report *gate;

	if (view == NULL)
		return;
	gate = xcalloc(1, sizeof *gate);
	http_history_begin(site->history);
	for (size_t i = 0; i < view->cfg->connection_count; i++) {
		gate_report(view->gates[i], gate);
		http_history_note(site->history, view->cfg->connections[i].name,
		    &(struct http_minute){
			.clients = gate->state.clients,
			.to_database = gate->values[COUNT_TO_DATABASE],
			.to_client = gate->values[COUNT_TO_CLIENT],
			.failures = gate->state.failures,
		    });
	}
	http_history_end(site->history);
	http_site_unlock(site);
	free(gate);
}
