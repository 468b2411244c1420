/* SPDX-License-Identifier: PostgreSQL */

/*
 * The TLS of one connection on both sides: ssl and ssl_config towards the
 * database; client_tls, tls_cert and tls_key towards clients.
 */
#ifndef PGJUMP_CONFIG_TLS_H
#define PGJUMP_CONFIG_TLS_H

#include <stdbool.h>

struct config_connection;
struct section;

/*
 * Read ssl_config (NULL: not given) into the connection, whose section was
 * filled before, and report what is wrong with the TLS of either side.
 */
void config_tls_read(const struct section *connection_section,
    const struct section *ssl_config, struct config_connection *);

#endif
