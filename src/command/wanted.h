/* SPDX-License-Identifier: PostgreSQL */

/* What a command line names: connections, and jump boxes of jump_boxes. */
#ifndef PGJUMP_COMMAND_WANTED_H
#define PGJUMP_COMMAND_WANTED_H

struct config;
struct config_jump;

struct wanted {
	const char *name; /* NULL ends a list */
	/* The last jump box on the way; NULL: a direct connection. */
	const struct config_jump *jump;
};

/*
 * The jump boxes with these names (NULL ends them), then the connections; all
 * connections if there is no name.  The caller frees the list.  NULL: a name is
 * unknown, as reported on stderr.  A connection comes before a jump box of the
 * same name.
 */
struct wanted *wanted_find(const struct config *, char *const *names);

#endif
