/* SPDX-License-Identifier: PostgreSQL */

/* The subcommand that runs one command with a database in its reach. */
#ifndef PGJUMP_COMMAND_EXEC_H
#define PGJUMP_COMMAND_EXEC_H

struct command_line;

/*
 * Returns the command's exit code, or 128 plus the signal that ended it; 126 or
 * 127 when it could not be started; the code of `pgjump check` when the
 * database cannot be reached; 1 for an error of configuration or usage.
 */
int exec_run(const struct command_line *);

#endif
