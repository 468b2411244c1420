/* SPDX-License-Identifier: PostgreSQL */

/*
 * A scrape first collects what is known, so that all families tell of the same
 * moment, and then writes them family by family.
 */
#include "http/metrics.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "client/counts.h"
#include "client/gate.h"
#include "config/config.h"
#include "http/answer.h"
#include "http/door.h"
#include "http/expiry.h"
#include "http/exposition.h"
#include "http/process.h"
#include "http/request.h"
#include "http/site.h"
#include "jump/box.h"
#include "pg/sqlstate.h"

struct scrape {
	struct exposition exposition;
	const struct config *cfg;
	struct gate_report *gates;    /* by connection */
	struct jump_box_state *boxes; /* by jump box */
};

static const char *const sides[] = {
	[SIDE_TUNNEL] = "tunnel",
	[SIDE_DATABASE] = "database",
	[SIDE_CLIENT] = "client",
	[SIDE_LOCAL] = "local",
};

/* --- Families of connections ------------------------------------------------
 */

/* A number of each connection. */
static double
clients(const struct config_connection *connection,
    const struct gate_report *gate)
{
	(void)connection;
	return gate->state.clients;
}

static double
clients_max(const struct config_connection *connection,
    const struct gate_report *gate)
{
	(void)gate;
	return connection->max_clients;
}

static double
clients_waiting(const struct config_connection *connection,
    const struct gate_report *gate)
{
	(void)connection;
	return (double)gate->waiting;
}

static const struct {
	const char *name, *help;
	double (
	    *of)(const struct config_connection *, const struct gate_report *);
} gauges[] = {
	{ "pgjump_clients", "Clients that have a place.", clients },
	{ "pgjump_clients_max", "Places for clients, max_clients.",
	    clients_max },
	{ "pgjump_clients_waiting",
	    "Clients that wait for a connection to the database.",
	    clients_waiting },
};

/* A counter of each connection, or several, told apart by one label. */
static const struct {
	const char *name, *help, *label;
	struct {
		const char *value;
		enum count which;
	} series[5];
} counters[] = {
	{ "pgjump_sessions", "Sessions that came up.", NULL,
	    { { "", COUNT_SESSIONS } } },
	{ "pgjump_sessions_lost",
	    "Sessions that pgjump ended after a failure, by the moment it met.",
	    "how",
	    { { "busy", COUNT_LOST_BUSY }, { "idle", COUNT_LOST_IDLE },
		{ "starting", COUNT_LOST_STARTING },
		{ "cut", COUNT_LOST_CUT } } },
	{ "pgjump_cancels", "Cancel requests, by what became of them.",
	    "result",
	    { { "delivered", COUNT_CANCEL_DELIVERED },
		{ "failed", COUNT_CANCEL_FAILED },
		{ "unanswered", COUNT_CANCEL_UNANSWERED },
		{ "no_turn", COUNT_CANCEL_NO_TURN } } },
	{ "pgjump_bytes", "Bytes passed on, by direction.", "direction",
	    { { "to_database", COUNT_TO_DATABASE },
		{ "to_client", COUNT_TO_CLIENT } } },
};

static void
write_gauges(struct scrape *scrape)
{
	struct exposition *out = &scrape->exposition;

	for (size_t i = 0; i < sizeof gauges / sizeof *gauges; i++) {
		exposition_begin(out, gauges[i].name, EXPOSITION_GAUGE,
		    gauges[i].help);
		for (size_t c = 0; c < scrape->cfg->connection_count; c++)
			exposition_value(out,
			    EXPOSITION_LABELS({ "connection",
				scrape->cfg->connections[c].name }),
			    gauges[i].of(&scrape->cfg->connections[c],
				&scrape->gates[c]));
	}
}

static void
write_counter(struct scrape *scrape, size_t counter, size_t connection)
{
	for (size_t i = 0; counters[counter].series[i].value != NULL; i++)
		exposition_count(&scrape->exposition,
		    EXPOSITION_LABELS({ "connection",
					  scrape->cfg->connections[connection]
					      .name },
			{ counters[counter].label,
			    counters[counter].series[i].value }),
		    scrape->gates[connection]
			.values[counters[counter].series[i].which]);
}

static void
write_counters(struct scrape *scrape)
{
	for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
		exposition_begin(&scrape->exposition, counters[i].name,
		    EXPOSITION_COUNTER, counters[i].help);
		for (size_t c = 0; c < scrape->cfg->connection_count; c++)
			write_counter(scrape, i, c);
	}
}

/* Every stage is there from the beginning, so that the first failure counts. */
static void
write_failures(struct scrape *scrape)
{
	exposition_begin(&scrape->exposition, "pgjump_failures",
	    EXPOSITION_COUNTER,
	    "Clients refused and sessions ended by pgjump, by stage.");
	for (size_t c = 0; c < scrape->cfg->connection_count; c++)
		for (enum stage stage = 0; stage < STAGE_COUNT; stage++) {
			const struct stage_info *info = failure_stage_info(
			    stage);

			exposition_count(&scrape->exposition,
			    EXPOSITION_LABELS({ "connection",
						  scrape->cfg->connections[c]
						      .name },
				{ "stage", info->label },
				{ "side", sides[info->side] }),
			    scrape->gates[c].failures[stage]);
		}
}

/* Only the classes that were seen, since there are many. */
static void
write_errors(struct scrape *scrape)
{
	exposition_begin(&scrape->exposition, "pgjump_database_errors",
	    EXPOSITION_COUNTER,
	    "Errors by which the database refused or ended a session in the "
	    "clear.");
	for (size_t c = 0; c < scrape->cfg->connection_count; c++)
		for (size_t i = 0; i < SQLSTATE_CLASSES; i++) {
			uint64_t count = scrape->gates[c]
					     .values[COUNT_ERROR_CLASS + i];

			if (count == 0)
				continue;
			exposition_count(&scrape->exposition,
			    EXPOSITION_LABELS({ "connection",
						  scrape->cfg->connections[c]
						      .name },
				{ "sqlstate_class", sqlstate_class_name(i) }),
			    count);
		}
}

static void
write_open_seconds(struct scrape *scrape)
{
	exposition_begin(&scrape->exposition, "pgjump_open_seconds",
	    EXPOSITION_HISTOGRAM,
	    "From a start-up packet to the database's first byte.");
	for (size_t c = 0; c < scrape->cfg->connection_count; c++)
		exposition_histogram(&scrape->exposition,
		    EXPOSITION_LABELS(
			{ "connection", scrape->cfg->connections[c].name }),
		    scrape->gates[c].values + COUNT_OPEN_BUCKET,
		    scrape->gates[c].values[COUNT_OPEN_MS]);
}

/* --- Families of jump boxes --------------------------------------------------
 */

static double
up(const struct jump_box_state *box)
{
	return box->links > 0;
}

static double
links(const struct jump_box_state *box)
{
	return (double)box->links;
}

static double
channels(const struct jump_box_state *box)
{
	return (double)box->channels;
}

static double
rtt_seconds(const struct jump_box_state *box)
{
	return (double)box->rtt_us / 1e6;
}

/* 0: no try is due, or it is under way. */
static double
next_try_seconds(const struct jump_box_state *box)
{
	int64_t wait_ms = box->retry_ms - clock_ms();

	return box->attempts > 0 && box->dials == 0 && wait_ms > 0
	    ? (double)wait_ms / 1000
	    : 0;
}

static const struct {
	const char *name, *help;
	double (*of)(const struct jump_box_state *);
} jump_gauges[] = {
	{ "pgjump_jump_up", "1 while there is an SSH session.", up },
	{ "pgjump_jump_links", "SSH sessions that take new channels.", links },
	{ "pgjump_jump_channels", "Channels of all SSH sessions.", channels },
	{ "pgjump_jump_rtt_seconds",
	    "The shortest round trip; 0 while none is measured.", rtt_seconds },
	{ "pgjump_jump_next_try_seconds",
	    "Time until the next dial after failures; 0 if none is due.",
	    next_try_seconds },
};

static void
write_jump_gauges(struct scrape *scrape)
{
	struct exposition *out = &scrape->exposition;

	for (size_t i = 0; i < sizeof jump_gauges / sizeof *jump_gauges; i++) {
		exposition_begin(out, jump_gauges[i].name, EXPOSITION_GAUGE,
		    jump_gauges[i].help);
		for (size_t j = 0; j < scrape->cfg->jump_count; j++)
			exposition_value(out,
			    EXPOSITION_LABELS(
				{ "jump", scrape->cfg->jumps[j].name }),
			    jump_gauges[i].of(&scrape->boxes[j]));
	}
}

static void
write_dials(struct scrape *scrape)
{
	struct exposition *out = &scrape->exposition;

	exposition_begin(out, "pgjump_jump_dials", EXPOSITION_COUNTER,
	    "Dials of a jump box that have ended.");
	for (size_t j = 0; j < scrape->cfg->jump_count; j++) {
		const char *name = scrape->cfg->jumps[j].name;
		const struct jump_box_counts *counts = &scrape->boxes[j].counts;

		exposition_count(out,
		    EXPOSITION_LABELS({ "jump", name }, { "result", "ok" }),
		    counts->reached);
		exposition_count(out,
		    EXPOSITION_LABELS({ "jump", name }, { "result", "failed" }),
		    counts->not_reached);
	}
	exposition_begin(out, "pgjump_jump_dial_seconds", EXPOSITION_HISTOGRAM,
	    "How long dials took, failed ones included.");
	for (size_t j = 0; j < scrape->cfg->jump_count; j++)
		exposition_histogram(out,
		    EXPOSITION_LABELS({ "jump", scrape->cfg->jumps[j].name }),
		    scrape->boxes[j].counts.dial_buckets,
		    scrape->boxes[j].counts.dial_ms);
}

static void
write_jump_failures(struct scrape *scrape)
{
	exposition_begin(&scrape->exposition, "pgjump_jump_failures",
	    EXPOSITION_COUNTER,
	    "Dials that failed and SSH sessions that broke, by stage.");
	for (size_t j = 0; j < scrape->cfg->jump_count; j++)
		for (enum stage stage = 0; stage < STAGE_COUNT; stage++) {
			const struct stage_info *info = failure_stage_info(
			    stage);

			if (info->side != SIDE_TUNNEL)
				continue;
			exposition_count(&scrape->exposition,
			    EXPOSITION_LABELS({ "jump",
						  scrape->cfg->jumps[j].name },
				{ "stage", info->label }),
			    scrape->boxes[j].counts.failures[stage]);
		}
}

/* --- The process
 * -------------------------------------------------------------- */

static void
write_one(struct scrape *scrape, const char *name, const char *help,
    double value)
{
	exposition_begin(&scrape->exposition, name, EXPOSITION_GAUGE, help);
	exposition_value(&scrape->exposition, EXPOSITION_NONE, value);
}

static void
write_program(struct scrape *scrape, struct http_site *site)
{
	exposition_begin(&scrape->exposition, "pgjump_build_info",
	    EXPOSITION_GAUGE, "The version of this pgjump.");
	exposition_count(&scrape->exposition,
	    EXPOSITION_LABELS({ "version", PACKAGE_VERSION }), 1);
	write_one(scrape, "pgjump_start_time_seconds",
	    "When pgjump started, in seconds since 1970.", site->start_time);
	write_one(scrape, "pgjump_config_last_reload_successful",
	    "1 if the last reload was accepted, or there was none.",
	    site->is_reload_good);
	write_one(scrape, "pgjump_config_last_reload_timestamp_seconds",
	    "When the last reload was, or the start.", (double)site->reload_at);
	http_process_write(&site->process, &scrape->exposition,
	    site->start_time);
}

static void
write_all(struct scrape *scrape, struct http_site *site)
{
	write_program(scrape, site);
	if (scrape->cfg != NULL) {
		write_gauges(scrape);
		write_counters(scrape);
		write_failures(scrape);
		write_errors(scrape);
		write_open_seconds(scrape);
		write_jump_gauges(scrape);
		write_dials(scrape);
		write_jump_failures(scrape);
		http_expiry_write(&site->expiry, scrape->cfg, site->shown,
		    &scrape->exposition);
	}
	exposition_end(&scrape->exposition);
}

/* --- The answer
 * ---------------------------------------------------------------- */

static void
collect(struct scrape *scrape, const struct http_view *view)
{
	const struct config *cfg = view->cfg;

	scrape->cfg = cfg;
	scrape->gates = xcalloc(cfg->connection_count, sizeof *scrape->gates);
	scrape->boxes = xcalloc(cfg->jump_count, sizeof *scrape->boxes);
	for (size_t i = 0; i < cfg->connection_count; i++)
		gate_report(view->gates[i], &scrape->gates[i]);
	for (size_t i = 0; i < cfg->jump_count; i++)
		jump_box_look(view->boxes[i], &scrape->boxes[i]);
}

void
http_metrics(struct http_site *site, const struct http_call *call,
    struct http_answer *answer)
{
	const char *accept = call->request->accept;
	struct scrape scrape = { .cfg = NULL };
	const struct http_view *view = http_site_lock(site);

	scrape.exposition.is_open = accept != NULL &&
	    strstr(accept, "application/openmetrics-text") != NULL;
	scrape.exposition.out = http_answer_begin(answer, 200,
	    scrape.exposition.is_open ? HTTP_EXPOSITION_OPEN
				      : HTTP_EXPOSITION_TEXT);
	if (view != NULL)
		collect(&scrape, view);
	write_all(&scrape, site);
	if (view != NULL)
		http_site_unlock(site);
	http_answer_end(answer, scrape.exposition.out);
	free(scrape.gates);
	free(scrape.boxes);
}
