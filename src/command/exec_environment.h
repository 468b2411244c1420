/* SPDX-License-Identifier: PostgreSQL */

/*
 * What the command of `pgjump exec` finds in its environment: the database, and
 * its password in a file in memory.
 */
#ifndef PGJUMP_COMMAND_EXEC_ENVIRONMENT_H
#define PGJUMP_COMMAND_EXEC_ENVIRONMENT_H

#include <stdbool.h>

struct child_environment;
struct command_line_list;
struct config_connection;

struct exec_environment {
	struct child_environment *env;
	int password_fd; /* -1: none */
	char password_path[32];
	/* With the password in a variable, for a command which cannot read
	 * that path; NULL: there is no password. */
	struct child_environment *other_env;
};

/* What the command shall find. */
struct exec_wanted {
	const struct config_connection *connection;
	unsigned port;        /* on 127.0.0.1 */
	const char *password; /* NULL: none is configured */
	bool has_other_user;  /* who cannot read our files */
	bool keeps_others;    /* variables that may lead elsewhere */
	const struct command_line_list *sets; /* of --set */
};

/* False after a message: one of them is no NAME=FORMAT. */
bool exec_environment_check(const struct command_line_list *sets);

/* What pgjump itself was started with; before it changes that. */
void exec_environment_begin(struct exec_environment *);

/* False after a message: a form of --set cannot say it. */
bool exec_environment_fill(struct exec_environment *,
    const struct exec_wanted *);

/* The file vanishes with it. */
void exec_environment_clear(struct exec_environment *);

#endif
