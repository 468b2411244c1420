/* SPDX-License-Identifier: PostgreSQL */

/* The subcommand that prints how a client reaches a connection. */
#ifndef PGJUMP_COMMAND_DSN_H
#define PGJUMP_COMMAND_DSN_H

struct command_line;

/*
 * Print the address of the named connection in the form asked for.  What the
 * form cannot do is a remark on stderr.  Returns the exit code: 0, or 1 for an
 * error of configuration or usage, or where the form cannot say it at all.
 */
int command_dsn_run(const struct command_line *);

#endif
