/* SPDX-License-Identifier: PostgreSQL */

/*
 * The command line, read by a table of subcommands and a table of options.
 * Usage errors are printed here.
 */
#ifndef PGJUMP_COMMAND_LINE_H
#define PGJUMP_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/command_line.h"

enum line_names {
	NAMES_NONE,
	NAMES_ANY,  /* none means all */
	NAMES_SOME, /* at least one */
	NAMES_ONE,
	NAMES_TARGET,  /* one, of a host */
	NAMES_HOST,    /* one, or a command line of ssh behind "--" */
	NAMES_COMMAND, /* one, then a command with its own arguments */
};

struct line_command {
	const char *name;
	int (*run)(const struct command_line *); /* returns the exit code */
	enum line_names names;
	const char *usage, *description;
};

/* What an option takes; line.c has how each sets its field. */
enum line_kind {
	KIND_FLAG,     /* nothing; sets a bool */
	KIND_DURATION, /* these five set a const char * */
	KIND_USER,
	KIND_ADDRESS,
	KIND_FORMAT,
	KIND_WORD,
	KIND_FILES, /* these three add to a struct command_line_list */
	KIND_SETTINGS,
	KIND_WORDS,
};

struct line_option {
	const char *name; /* NULL: none */
	int letter;       /* 0: none */
	enum line_kind kind;
	unsigned commands; /* a bit for each subcommand that takes it */
	size_t offset;     /* in struct line_request */
	const char *usage, *description;
};

#define LINE_OPTIONS_MAX 64

struct line_tables {
	const struct line_command *commands;
	size_t command_count;
	const struct line_option *options;
	size_t option_count; /* at most LINE_OPTIONS_MAX */
};

/* What the command line asks for.  Zeroed before line_read(). */
struct line_request {
	struct command_line line;
	const struct line_command *command; /* NULL: none is named */
	uint64_t given;                     /* a bit for each option */
	char **names;                       /* as line.names */
	size_t name_count;
	bool wants_help, wants_version;
};

/* False after a usage error.  line_clear() frees either way. */
bool line_read(const struct line_tables *, struct line_request *, int argc,
    char **argv);
void line_clear(struct line_request *);

/* Whether its subcommand takes what was read; false after a usage error. */
bool line_check(const struct line_tables *, const struct line_request *);

/* The subcommand of this name; NULL after a usage error. */
const struct line_command *line_find(const struct line_tables *,
    const char *name);

#endif
