/* SPDX-License-Identifier: PostgreSQL */

/*
 * The shell command that reaches a connection through its first listener, for a
 * user to paste.
 */
#ifndef PGJUMP_COMMAND_PSQL_LINE_H
#define PGJUMP_COMMAND_PSQL_LINE_H

struct config;
struct config_connection;

/*
 * psql 'host=127.0.0.1 port=6432 dbname=myapp user=readonly'
 *
 * The caller frees it.  Holds no password.
 */
char *psql_line(const struct config_connection *);

/* Log the command for each connection, and that pgjump is ready. */
void psql_line_announce(const struct config *);

#endif
