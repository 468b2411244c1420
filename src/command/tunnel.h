/* SPDX-License-Identifier: PostgreSQL */

/* The subcommand that carries clients without a configuration file. */
#ifndef PGJUMP_COMMAND_TUNNEL_H
#define PGJUMP_COMMAND_TUNNEL_H

struct command_line;

/*
 * Returns the exit code: 128 plus the signal that ended it; the code of `pgjump
 * check` when a jump box cannot be passed; 1 for an error of usage, or a port
 * that cannot be opened.
 */
int command_tunnel_run(const struct command_line *);

#endif
