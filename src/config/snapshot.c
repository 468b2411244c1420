/* SPDX-License-Identifier: PostgreSQL */

/*
 * The top of a configuration: its three shapes, and its connections one by one.
 * Promises that nothing but files is opened.
 */
#include "config/snapshot.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "config/claims.h"
#include "config/config.h"
#include "config/fields.h"
#include "config/hops.h"
#include "config/http.h"
#include "config/jump_boxes.h"
#include "config/listen.h"
#include "config/section.h"
#include "config/sources.h"
#include "config/tls.h"
#include "config/yaml.h"

/*
 * Far more than anybody tunnels by one pgjump; each costs a descriptor or two.
 */
#define CONNECTIONS_MAX 1000

/* The connect_timeout of many drivers and pools. */
#define PATIENCE_MS 10000

/* A document while it becomes a snapshot. */
struct loading {
	struct reading reading;
	struct config *cfg;
	struct jump_boxes *boxes;
	struct connection_place *places; /* of each connection */
	size_t default_port_count;       /* connections with the default port */
	struct place first_default_port;
	const struct source *files;
	size_t file_count;
};

size_t
config_snapshot_part(size_t index)
{
	return index + 1;
}

/* --- One connection ------------------------------------------------------ */

/* Open the section that is the value of `name`; false: it is not given. */
static bool
open_inner(const struct section *outer, const char *name,
    enum option_section which, struct section *inner)
{
	const struct node *node = config_section_value(outer, name);

	if (node == NULL)
		return false;
	if (node->kind != NODE_MAPPING) {
		config_section_refuse(outer, name, node);
		return false;
	}
	config_section_open(inner, outer->reading, which, NULL, node);
	return true;
}

/* db_type is validated but not kept: it has one possible value. */
static void
check_db_type(const struct section *section)
{
	unsigned db_type;

	config_section_read(section, "db_type", &db_type);
}

/* A client that gives up before pgjump does never sees the error. */
static void
check_patience(const struct section *section,
    const struct config_connection *connection)
{
	if (connection->connection_timeout_ms >= PATIENCE_MS)
		config_section_warning(section, "connection_timeout",
		    config_section_place(section, "connection_timeout"),
		    "is %s, but many clients give up after 10s and never see "
		    "the error; use a smaller value",
		    clock_text(connection->connection_timeout_ms).text);
}

/* connection_timeout ends the wait anyway; warn only about a written value. */
static void
limit_ssl_response(const struct section *section,
    struct config_connection *connection)
{
	int64_t limit_ms = connection->connection_timeout_ms;

	if (connection->ssl_response_timeout_ms <= limit_ms)
		return;
	if (config_section_gives(section, "ssl_response_timeout"))
		config_section_warning(section, "ssl_response_timeout",
		    config_section_place(section, "ssl_response_timeout"),
		    "is %s, but connection_timeout ends the wait after %s; "
		    "raise connection_timeout as well",
		    clock_text(connection->ssl_response_timeout_ms).text,
		    clock_text(limit_ms).text);
	connection->ssl_response_timeout_ms = limit_ms;
}

/*
 * With several files a port by position would be a matter of their names and
 * of what stands in the others.
 */
static void
note_default_port(struct loading *loading, const struct section *section)
{
	if (loading->file_count > 1 && loading->cfg->connection_count > 1)
		config_section_error(section, "listen", section->map->place,
		    "is required, since the configuration is several files: %s",
		    "the addresses where clients connect");
	else if (loading->default_port_count++ == 0)
		loading->first_default_port = section->map->place;
}

static void
read_listens(struct loading *loading, const struct section *section,
    struct config_connection *connection)
{
	struct place place = config_section_place(section, "listen");
	bool has_default_port;

	connection->file = xstrdup(loading->files[place.file - 1].path);
	connection->listen_line = place.line;
	connection->listen_column = place.column;
	config_listen_read(section, loading->cfg->listen_host,
	    CONFIG_FIRST_PORT + (unsigned)connection->index, connection,
	    &has_default_port);
	loading->places[connection->index].listen = place;
	if (has_default_port)
		note_default_port(loading, section);
}

static void
read_connection(struct loading *loading, const struct node *node,
    struct config_connection *connection)
{
	struct section section, ssl;
	bool has_ssl;

	loading->places[connection->index].whole = node->place;
	if (node->kind != NODE_MAPPING) {
		report_error(loading->reading.report, node->place,
		    "a connection must be a mapping, not %s",
		    yaml_kind_text(node));
		return;
	}
	config_section_open(&section, &loading->reading, SECTION_CONNECTION,
	    NULL, node);
	config_fields_fill(&section, connection);
	check_db_type(&section);
	check_patience(&section, connection);
	limit_ssl_response(&section, connection);
	read_listens(loading, &section, connection);
	has_ssl = open_inner(&section, "ssl_config", SECTION_SSL, &ssl);
	config_jump_boxes_tunnel(loading->boxes, &section, loading->cfg,
	    connection);
	config_tls_read(&section, has_ssl ? &ssl : NULL, connection);
	if (connection->host != NULL)
		config_name_host(connection);
}

/* --- The three shapes ---------------------------------------------------- */

static const struct node *
find_item(const struct node *root, const char *key)
{
	for (size_t i = 0; root->kind == NODE_MAPPING && i < root->count; i++)
		if (strcmp(root->keys[i]->text, key) == 0)
			return root->items[i];
	return NULL;
}

/* Each worker has its own link to every jump box that it uses. */
static void
check_workers(struct loading *loading, const struct node *root)
{
	const struct node *workers = find_item(root, "workers");
	const struct config *cfg = loading->cfg;

	if (workers != NULL && cfg->workers > cfg->max_links)
		report_error(loading->reading.report, workers->place,
		    "workers (%u) must not be more than max_links (%u)",
		    cfg->workers, cfg->max_links);
}

/*
 * Read the global settings; `map` is NULL if the document has no place for
 * them.
 */
static void
read_globals(struct loading *loading, const struct node *map)
{
	static const struct node none = { .kind = NODE_MAPPING };
	struct section section;

	config_section_open(&section, &loading->reading, SECTION_GLOBAL, NULL,
	    map != NULL ? map : &none);
	config_fields_fill(&section, loading->cfg);
	config_http_read(&section, loading->cfg);
	loading->boxes = config_jump_boxes_read(&section, loading->cfg);
}

static void
read_connections(struct loading *loading, const struct node *const *items,
    size_t count)
{
	struct config *cfg = loading->cfg;

	cfg->connections = xcalloc(count, sizeof *cfg->connections);
	cfg->jumps = xcalloc(count * CONFIG_HOPS_MAX, sizeof *cfg->jumps);
	loading->places = xcalloc(count, sizeof *loading->places);
	cfg->connection_count = count;
	for (size_t i = 0; i < count; i++) {
		report_about(loading->reading.report, config_snapshot_part(i));
		cfg->connections[i].index = i;
		read_connection(loading, items[i], &cfg->connections[i]);
	}
	report_about(loading->reading.report, 0);
	if (!report_has_error(loading->reading.report))
		config_name_jumps(cfg);
	config_claims_check(cfg, loading->places, loading->reading.report);
}

static void
read_list(struct loading *loading, const struct node *list)
{
	struct report *report = loading->reading.report;

	if (list->kind != NODE_LIST)
		report_error(report, list->place,
		    "connections must be a list, not %s%s",
		    yaml_kind_text(list),
		    list->kind == NODE_MAPPING ? "; begin each with \"- name:\""
					       : "");
	else if (list->count == 0)
		report_error(report, list->place, "there is no connection");
	else if (list->count > CONNECTIONS_MAX)
		report_error(report, list->place, "more than %d connections",
		    CONNECTIONS_MAX);
	else
		read_connections(loading,
		    (const struct node *const *)list->items, list->count);
}

static void
warn_of_default_ports(const struct loading *loading)
{
	if (loading->default_port_count > 1)
		report_warning(loading->reading.report,
		    loading->first_default_port,
		    "%zu connections have no port of their own and listen on "
		    "%d plus their position in the file; set listen, or a new "
		    "connection moves them",
		    loading->default_port_count, CONFIG_FIRST_PORT);
}

static void
read_root(struct loading *loading, const struct node *root)
{
	const struct node *connections = find_item(root, "connections");

	read_globals(loading, sources_is_top_level(root) ? root : NULL);
	check_workers(loading, root);
	if (connections != NULL)
		read_list(loading, connections);
	else if (sources_means_connections(root))
		return; /* the unknown key was reported: that is enough */
	else if (sources_is_top_level(root))
		report_error(loading->reading.report, root->place,
		    "there is no connection; add a list called connections");
	else if (root->kind == NODE_MAPPING)
		read_connections(loading, &root, 1);
	else if (root->kind == NODE_LIST)
		read_list(loading, root);
	else
		report_error(loading->reading.report, root->place,
		    "this is neither a connection, nor a list of connections, "
		    "nor a mapping with connections");
	config_jump_boxes_finish(loading->boxes, loading->cfg);
	warn_of_default_ports(loading);
}

/* --- The files ----------------------------------------------------------- */

/* Warn of a file that others can read and that holds a secret. */
static void
check_mode(struct report *report, const struct source *source,
    struct place first_secret)
{
	if ((source->mode & (S_IRGRP | S_IROTH)) != 0 && first_secret.line > 0)
		report_warning(report, first_secret,
		    "this file holds secrets, and others can read it (mode "
		    "%03o); chmod 600 it, or move the secrets into files or "
		    "environment variables",
		    source->mode);
}

/* "a.yaml, b.yaml" */
static char *
paths_text(const struct sources *sources)
{
	char *text = xstrdup(sources->list[0].path), *longer;

	for (size_t i = 1; i < sources->count; i++) {
		longer = xasprintf("%s, %s", text, sources->list[i].path);
		free(text);
		text = longer;
	}
	return text;
}

static char **
files_of(const struct sources *sources)
{
	char **files = xcalloc(sources->count + 1, sizeof *files);

	for (size_t i = 0; i < sources->count; i++)
		files[i] = xstrdup(sources->list[i].path);
	return files;
}

/* Judge what the files say. */
static void
read_sources(struct loading *loading, const struct sources *sources)
{
	struct report *report = loading->reading.report;
	struct origin *origins = xcalloc(sources->count, sizeof *origins);

	for (size_t i = 0; i < sources->count; i++)
		origins[i].dir = sources->list[i].dir;
	loading->reading.origins = origins;
	loading->files = sources->list;
	loading->file_count = sources->count;
	loading->cfg->path = paths_text(sources);
	loading->cfg->files = files_of(sources);
	read_root(loading, sources->root);
	for (size_t i = 0; i < sources->count; i++)
		check_mode(report, &sources->list[i], origins[i].first_secret);
	config_jump_boxes_free(loading->boxes);
	free(loading->places);
	free(origins);
}

struct config *
config_snapshot_make(const struct sources *sources, struct report *report,
    const atomic_bool *is_cancelled, bool will_ask)
{
	struct loading loading = {
		.reading = { .report = report,
		    .is_cancelled = is_cancelled,
		    .will_ask = will_ask },
		.cfg = config_new(),
	};

	if (sources->root != NULL)
		read_sources(&loading, sources);
	if (!report_has_error(report))
		return loading.cfg;
	config_unref(loading.cfg);
	return NULL;
}
