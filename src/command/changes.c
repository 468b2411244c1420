/* SPDX-License-Identifier: PostgreSQL */

/*
 * A connection is the same one as long as its name is.
 */
#include "command/changes.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "command/shared.h"
#include "config/compare.h"
#include "config/config.h"

/* Room for " and 1000 more". */
#define MORE_LEN 20

/* A list of names under construction. */
struct names {
	char *text;
	size_t used, left_out;
};

static void
add_name(struct names *names, const char *name)
{
	size_t len = strlen(name) + (names->used > 0);

	if (names->left_out > 0 ||
	    names->used + len + MORE_LEN > CHANGES_NAMES_MAX) {
		names->left_out++;
		return;
	}
	snprintf(names->text + names->used, CHANGES_NAMES_MAX - names->used,
	    "%s%s", names->used > 0 ? " " : "", name);
	names->used += len;
}

static void
end_names(const struct names *names)
{
	if (names->left_out > 0)
		snprintf(names->text + names->used,
		    CHANGES_NAMES_MAX - names->used, " and %zu more",
		    names->left_out);
}

/* Returns by index whether a connection of `next` was there before. */
static bool *
find_old(struct changes *changes, const struct config *now,
    const struct shared *next)
{
	const struct config_connection *heirs = next->cfg->connections;
	struct names changed = { changes->changed, 0, 0 };
	struct names removed = { changes->removed, 0, 0 };
	bool *was_there = xcalloc(next->cfg->connection_count,
	    sizeof *was_there);

	for (size_t i = 0; i < now->connection_count; i++) {
		const struct config_connection *was = &now->connections[i];
		size_t heir = next->connection_heirs[i];

		if (heir == SHARED_NO_HEIR) {
			changes->removed_count++;
			add_name(&removed, was->name);
			continue;
		}
		was_there[heir] = true;
		if (config_compare_connections(was, &heirs[heir]))
			changes->kept_count++;
		else
			add_name(&changed, was->name);
	}
	end_names(&changed);
	end_names(&removed);
	return was_there;
}

void
changes_find(struct changes *changes, const struct config *now,
    const struct shared *next)
{
	const struct config *cfg = next->cfg;
	struct names added = { changes->added, 0, 0 };
	struct names settings = { changes->settings, 0, 0 };
	const char *setting;
	size_t from = 0;
	bool *was_there;

	*changes = (struct changes){ .kept_count = 0 };
	was_there = find_old(changes, now, next);
	for (size_t i = 0; i < cfg->connection_count; i++)
		if (!was_there[i])
			add_name(&added, cfg->connections[i].name);
	end_names(&added);
	free(was_there);
	while ((setting = config_compare_globals(now, cfg, &from)) != NULL)
		add_name(&settings, setting);
	end_names(&settings);
}

static const char *
or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

void
changes_log(const struct changes *changes, const char *file)
{
	log_answer(LOG_LEVEL_INFO, "configuration reloaded",
	    LOG_LIST(log_str("file", file),
		log_str("added", or_null(changes->added)),
		log_str("changed", or_null(changes->changed)),
		log_str("removed", or_null(changes->removed)),
		log_str("settings", or_null(changes->settings)),
		log_num("kept", (int64_t)changes->kept_count)));
}

/* "; added a b", without the semicolon where it is the first. */
static void
put(FILE *out, bool *is_first, const char *what, const char *names)
{
	if (names[0] == '\0')
		return;
	fprintf(out, "%s%s %s", *is_first ? "" : "; ", what, names);
	*is_first = false;
}

char *
changes_text(const struct changes *changes)
{
	char *text = NULL;
	size_t len;
	bool is_first = true;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		xmalloc_fail(0);
	put(out, &is_first, "added", changes->added);
	put(out, &is_first, "changed", changes->changed);
	put(out, &is_first, "removed", changes->removed);
	put(out, &is_first, "settings", changes->settings);
	fprintf(out, "%skept %zu", is_first ? "" : "; ", changes->kept_count);
	if (fclose(out) != 0)
		xmalloc_fail(0);
	return text;
}
