/* SPDX-License-Identifier: PostgreSQL */

/*
 * The addresses of one connection as its file writes them: where it listens,
 * and who may connect there.
 */
#ifndef PGJUMP_CONFIG_LISTEN_H
#define PGJUMP_CONFIG_LISTEN_H

/* Of the first connection without a port; the next ones follow. */
#define CONFIG_FIRST_PORT 6432

#include <stdbool.h>

struct config_connection;
struct section;

/*
 * Read `listen` and `allow_from` into the connection.  Where a form leaves
 * host or port open, they are `listen_host` (NULL: localhost) and
 * `default_port`; *defaulted tells whether the port was used.
 */
void config_listen_read(const struct section *, const char *listen_host,
    unsigned default_port, struct config_connection *, bool *defaulted);

#endif
