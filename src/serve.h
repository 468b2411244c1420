/* SPDX-License-Identifier: PostgreSQL */

/*
 * The daemon: listens for the clients of every connection until a signal ends
 * it.
 */
#ifndef PGJUMP_SERVE_H
#define PGJUMP_SERVE_H

/*
 * Serve the configuration at `config_path` (see config_load.h).  There are no
 * arguments.  Returns the exit code: 1 when it could not start, 143 or 130
 * when SIGTERM or SIGINT ended it.
 */
int serve_run(const char *config_path, char *const *arguments);

#endif
