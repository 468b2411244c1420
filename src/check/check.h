/* SPDX-License-Identifier: PostgreSQL */

/*
 * The diagnosis: it walks every hop of each connection, names the broken one,
 * and says what to change and where.
 */
#ifndef PGJUMP_CHECK_CHECK_H
#define PGJUMP_CHECK_CHECK_H

struct command_line;

/*
 * Check the named connections, or all, and print the reports on stdout. Returns
 * the exit code: 0 when all are well; that of failure.def for the first failed
 * connection in the order named; 1 for an error of configuration or usage; 130,
 * 131 or 143 when SIGINT, SIGQUIT or SIGTERM ended the check.
 */
int check_run(const struct command_line *);

#endif
