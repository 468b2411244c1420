/* SPDX-License-Identifier: PostgreSQL */

/*
 * ssh is asked, once for each hop, and never a shell.
 */
#include "import/import.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/command_line.h"
#include "base/xmalloc.h"
#include "import/forward.h"
#include "import/line.h"
#include "import/settings.h"
#include "import/way.h"
#include "import/write.h"

struct databases {
	struct import_forward *list;
	size_t count;
};

static void
add_database(struct databases *databases, const struct import_forward *take)
{
	databases->list = xreallocarray(databases->list, databases->count + 1,
	    sizeof *databases->list);
	databases->list[databases->count++] = *take;
}

static void
clear_databases(struct databases *databases)
{
	for (size_t i = 0; i < databases->count; i++)
		import_forward_clear(&databases->list[i]);
	free(databases->list);
}

/* With GatewayPorts a forward without an address is open to other machines. */
static bool
opens_ports(const struct import_hop *hop, const char *forward)
{
	const char *gateway = import_settings_get(&hop->settings,
	    "gatewayports");

	return gateway != NULL && strcmp(gateway, "no") != 0 &&
	    forward[0] != '[' && forward[0] != '/';
}

/* Each LocalForward of the host that was asked for. */
static void
add_forwards(struct import_hop *hop, struct databases *databases)
{
	size_t at = 0;
	const char *value;

	while ((value = import_settings_next(&hop->settings, "localforward",
		    &at)) != NULL) {
		struct import_forward forward = { 0 };

		if (import_forward_read(value, &forward)) {
			forward.is_open |= opens_ports(hop, value);
			add_database(databases, &forward);
		} else {
			import_forward_clear(&forward);
			import_texts_add(&hop->notes, "localforward %s", value);
		}
	}
}

static bool
add_named(const char *name, struct databases *databases)
{
	struct import_forward database = { 0 };

	if (import_forward_database(name, &database)) {
		add_database(databases, &database);
		return true;
	}
	import_forward_clear(&database);
	fprintf(stderr,
	    "pgjump: \"%s\" is no database: write HOST, HOST:PORT or the path "
	    "of its socket\n",
	    name);
	return false;
}

/* Who sends the configuration to a file must hear that it has comments. */
static void
tell(size_t note_count)
{
	if (note_count > 0)
		fprintf(stderr,
		    "pgjump: %zu setting%s of ssh could not be carried over: "
		    "see the comments\n",
		    note_count, note_count == 1 ? "" : "s");
}

/* Find everything, then write it; false after an error that was printed. */
static bool
import(const struct import_line *line, const char *database)
{
	struct import_way way = { 0 };
	struct databases databases = { 0 };
	bool is_good;

	for (size_t i = 0; i < line->file.count; i++)
		import_texts_add(&way.file, "%s", line->file.items[i]);
	is_good = import_way_find(&way, &line->options, line->host);
	if (is_good && database != NULL)
		is_good = add_named(database, &databases);
	else if (is_good)
		add_forwards(&way.hops[0], &databases);
	if (is_good && databases.count == 0) {
		fprintf(stderr,
		    "pgjump: ssh is configured to forward no port to a "
		    "database for \"%s\": name the database, as in \"pgjump "
		    "import %s DBHOST:5432\"\n",
		    line->host, line->host);
		is_good = false;
	}
	if (is_good)
		tell(import_write(stdout, &way, databases.list,
		    databases.count));
	clear_databases(&databases);
	import_way_clear(&way);
	return is_good;
}

/* A pasted command line, whose words these are. */
static bool
import_pasted(char *const *words)
{
	struct import_line line = { 0 };
	char error[128];
	size_t count = 0;
	bool is_good;

	while (words[count] != NULL)
		count++;
	is_good = import_line_read(&line, words, count, error, sizeof error);
	if (is_good && (line.target != NULL || line.command < count)) {
		snprintf(error, sizeof error,
		    "that ssh command line opens no tunnel: expected ssh -L "
		    "PORT:DBHOST:DBPORT HOST");
		is_good = false;
	}
	if (is_good)
		is_good = import(&line, NULL);
	else
		fprintf(stderr, "pgjump: %s\n", error);
	import_line_clear(&line);
	return is_good;
}

int
import_run(const struct command_line *command_line)
{
	char *const *names = command_line->names;
	struct import_line line = { .host = names[0] };

	if (names[1] != NULL && strcmp(basename(names[0]), "ssh") == 0)
		return import_pasted(names + 1) ? 0 : 1;
	if (names[1] != NULL && names[2] != NULL) {
		fprintf(stderr,
		    "pgjump: unexpected argument \"%s\"; a command line is "
		    "imported as \"pgjump import -- ssh ...\"\n",
		    names[2]);
		return 1;
	}
	return import(&line, names[1]) ? 0 : 1;
}
