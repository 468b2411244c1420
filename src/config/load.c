/* SPDX-License-Identifier: PostgreSQL */

/*
 * From where a configuration comes, and what is told of it.
 */
#include "config/load.h"

#include <stdlib.h>
#include <string.h>

#include "base/command_line.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/document.h"
#include "config/jump_boxes.h"
#include "config/path.h"
#include "config/report.h"
#include "config/snapshot.h"
#include "config/sources.h"

struct config *
config_load_text(const char *file, const char *bytes, size_t len, bool will_ask,
    FILE *out)
{
	struct report *report = report_new(NULL);
	struct sources *sources = sources_read_text(file, bytes, len, report);
	struct config *cfg = config_snapshot_make(sources, report, NULL,
	    will_ask);

	report_write(report, out);
	sources_free(sources);
	report_free(report);
	return cfg;
}

/* How and where a report is written. */
struct outlet {
	void (*write)(struct report *, FILE *);
	FILE *out;
};

static bool
is_among(char *const *names, const char *name)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

static bool
is_used_by(char *const *names, const struct config *cfg, const char *jump_box)
{
	for (size_t i = 0; i < cfg->connection_count; i++) {
		const struct config_connection
		    *connection = &cfg->connections[i];

		if (connection->jump != NULL && connection->jump_box != NULL &&
		    strcmp(connection->jump_box, jump_box) == 0 &&
		    is_among(names, connection->name))
			return true;
	}
	return false;
}

/*
 * Leave out warnings about connections that were not asked for, and about jump
 * boxes that those do not use.
 */
static void
drop_other_warnings(char *const *names, const struct config *cfg,
    struct report *report)
{
	for (size_t i = 0; names[0] != NULL && i < cfg->connection_count; i++)
		if (!is_among(names, cfg->connections[i].name))
			report_drop_warnings(report, config_snapshot_part(i));
	for (size_t i = 0; names[0] != NULL && i < cfg->jump_box_count; i++)
		if (!is_used_by(names, cfg, cfg->jump_boxes[i].name))
			report_drop_warnings(report, config_jump_boxes_part(i));
}

/* The arguments that a snapshot came from, for config_load_again(). */
static void
keep_paths(struct config *cfg, const struct command_line_list *paths)
{
	cfg->paths = xcalloc(paths->count + 1, sizeof *cfg->paths);
	for (size_t i = 0; i < paths->count; i++)
		cfg->paths[i] = xstrdup(paths->items[i]);
}

static struct config *
load_files(const struct command_line_list *paths, char *const *names,
    struct outlet outlet, const atomic_bool *is_cancelled, bool will_ask)
{
	struct report *report = report_new(NULL);
	char **files = sources_files(paths);
	struct sources *sources = sources_read(files, report);
	struct config *cfg = config_snapshot_make(sources, report, is_cancelled,
	    will_ask);

	if (cfg != NULL) {
		keep_paths(cfg, paths);
		drop_other_warnings(names, cfg, report);
	}
	outlet.write(report, outlet.out);
	sources_files_free(files);
	sources_free(sources);
	report_free(report);
	return cfg;
}

/*
 * A document that is in no file, where no path is relative to it.  It is kept,
 * to be judged again.
 */
static struct config *
judge_document(const struct config_document *document, struct report *report,
    const atomic_bool *is_cancelled, bool will_ask)
{
	struct sources *sources = sources_read_text(document->name,
	    document->bytes, document->len, report);
	struct config *cfg;

	free(sources->list[0].dir);
	sources->list[0].dir = xstrdup(CONFIG_PATH_NOWHERE);
	cfg = config_snapshot_make(sources, report, is_cancelled, will_ask);
	sources_free(sources);
	if (cfg == NULL)
		return NULL;
	cfg->document = xmalloc(document->len + 1);
	memcpy(cfg->document, document->bytes, document->len);
	cfg->document_len = document->len;
	return cfg;
}

/* `names` may be NULL. */
static struct config *
load_document(const struct config_document *document, char *const *names,
    struct outlet outlet, const atomic_bool *is_cancelled, bool will_ask)
{
	struct report *report = report_new(NULL);
	struct config *cfg = NULL;

	if (document->bytes != NULL) {
		cfg = judge_document(document, report, is_cancelled, will_ask);
	} else {
		report_next_file(report, document->name);
		report_error(report, (struct place){ 0 }, "cannot be read: %s",
		    strerror(document->error));
	}
	if (cfg != NULL && names != NULL)
		drop_other_warnings(names, cfg, report);
	outlet.write(report, outlet.out);
	report_free(report);
	return cfg;
}

/* The same document, since nobody can have changed it. */
static struct config *
load_document_again(const struct config *cfg, FILE *out,
    const atomic_bool *is_cancelled)
{
	const struct config_document document = { .name = cfg->path,
		.bytes = cfg->document,
		.len = cfg->document_len };

	fprintf(out,
	    "%s: warning: this document stays as it was at start; its files of "
	    "secrets and certificates were read again\n",
	    cfg->path);
	return load_document(&document, NULL,
	    (struct outlet){ report_write, out }, is_cancelled, false);
}

static struct config *
load_found(const struct command_line_list *paths, char *const *names,
    struct outlet outlet, bool will_ask)
{
	char *found;
	struct config *cfg;
	struct config_document document;

	if (config_document_open(&document, paths)) {
		cfg = load_document(&document, names, outlet, NULL, will_ask);
		config_document_clear(&document);
		return cfg;
	}
	if (paths->count > 0)
		return load_files(paths, names, outlet, NULL, will_ask);
	found = config_path_find_config();
	if (found == NULL) {
		config_path_complain();
		return NULL;
	}
	cfg = load_files(&(struct command_line_list){ .items = (const char
							      *[]){ found },
			     .count = 1 },
	    names, outlet, NULL, will_ask);
	free(found);
	return cfg;
}

struct config *
config_load(const struct command_line_list *paths, char *const *names,
    bool will_ask)
{
	return load_found(paths, names, (struct outlet){ report_write, stderr },
	    will_ask);
}

struct config *
config_load_for_json(const struct command_line_list *paths, char *const *names)
{
	return load_found(paths, names,
	    (struct outlet){ report_write_json, stdout }, false);
}

struct config *
config_load_again(const struct config *cfg, FILE *out,
    const atomic_bool *is_cancelled)
{
	static char *const all[] = { NULL };
	struct command_line_list paths = {
		.items = (const char **)cfg->paths,
	};

	if (cfg->document != NULL)
		return load_document_again(cfg, out, is_cancelled);
	while (cfg->paths[paths.count] != NULL)
		paths.count++;
	return load_files(&paths, all, (struct outlet){ report_write, out },
	    is_cancelled, false);
}
