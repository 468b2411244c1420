/* SPDX-License-Identifier: PostgreSQL */

/*
 * The daemon: it listens for clients of every connection until a signal ends
 * it.
 */
#ifndef PGJUMP_COMMAND_SERVE_H
#define PGJUMP_COMMAND_SERVE_H

struct command_line;

/*
 * Serve the configuration (see config/load.h).  Returns the exit code: 1 when
 * the daemon could not start; 143, 130 or 131 when SIGTERM, SIGINT or SIGQUIT
 * ended it.
 */
int serve_run(const struct command_line *);

#endif
