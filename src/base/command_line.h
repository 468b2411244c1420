/* SPDX-License-Identifier: PostgreSQL */

/* What the command line asks of a subcommand, as main.c read it. */
#ifndef PGJUMP_BASE_COMMAND_LINE_H
#define PGJUMP_BASE_COMMAND_LINE_H

#include <stdbool.h>

struct command_line {
	const char *config_path; /* -c; NULL: the usual places */
	char *const *names;      /* of connections; ends with NULL */
	bool json, no_login;     /* check */
	const char *timeout;     /* check; NULL: none */
	bool add;                /* hostkey --add */
	bool print;              /* config --print */
};

#endif
