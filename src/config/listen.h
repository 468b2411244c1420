/* SPDX-License-Identifier: PostgreSQL */

/*
 * The addresses of one connection: where it listens, and from where clients may
 * connect.
 */
#ifndef PGJUMP_CONFIG_LISTEN_H
#define PGJUMP_CONFIG_LISTEN_H

/*
 * The default port of the first connection; the position in the file is added
 * for the others.
 */
#define CONFIG_FIRST_PORT 6432

#include <stdbool.h>

struct config_connection;
struct section;

/*
 * Read `listen` and `allow_from` into the connection.  An address without host
 * gets `listen_host` (NULL: localhost), one without port `default_port`.
 * *has_default_port tells whether any address got the default port.
 */
void config_listen_read(const struct section *, const char *listen_host,
    unsigned default_port, struct config_connection *, bool *has_default_port);

#endif
