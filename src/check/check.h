/* SPDX-License-Identifier: PostgreSQL */

/*
 * The diagnosis: every hop of each connection walked, the broken one named,
 * with what to change and where.
 */
#ifndef PGJUMP_CHECK_CHECK_H
#define PGJUMP_CHECK_CHECK_H

struct command_line;

/*
 * Check the connections that are named, or all; what is found goes to stdout.
 * Returns the exit code: 0 when all are well, that of failure.def of the first
 * failed connection in the order named, 1 for an error of configuration or
 * usage, 130, 131 or 143 when SIGINT, SIGQUIT or SIGTERM ended it.
 */
int check_run(const struct command_line *);

#endif
