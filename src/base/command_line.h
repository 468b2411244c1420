/* SPDX-License-Identifier: PostgreSQL */

/* What the command line asks of a subcommand, as main.c read it. */
#ifndef PGJUMP_BASE_COMMAND_LINE_H
#define PGJUMP_BASE_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* The arguments of an option that was given several times, in order. */
struct command_line_list {
	const char **items;
	size_t count;
};

struct command_line {
	struct command_line_list config_paths; /* -c; none: the usual places */
	char *const *names;         /* of connections; ends with NULL */
	bool json, quiet, no_login; /* check */
	const char *timeout;        /* check, wait; NULL: none */
	const char *admin;          /* --admin; NULL: none */
	bool tunnels;               /* wait --tunnels */
	bool add;                   /* hostkey --add */
	bool print;                 /* config --print */

	/* dsn */
	const char *format; /* NULL: the default */
	bool with_password;

	/* tunnel, whose name is an operand: a jump box or a database */
	struct command_line_list forwards, identities, ssh_options;
	const char *jumps, *login, *port; /* NULL: not given */
	bool is_forward_only, in_background;

	/* exec */
	char **command; /* with its arguments; ends with NULL */
	struct command_line_list sets;
	bool keep_env, no_check;
	const char *user; /* NULL: none */
};

#endif
