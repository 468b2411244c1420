/* SPDX-License-Identifier: PostgreSQL */

/*
 * The TLS of one connection, on both of its sides: ssl and ssl_config towards
 * the database, client_tls with tls_cert and tls_key towards clients.
 */
#ifndef PGJUMP_CONFIG_TLS_H
#define PGJUMP_CONFIG_TLS_H

#include <stdbool.h>

struct config_connection;
struct section;

/*
 * Complete and judge what the connection's section, filled before, and its
 * ssl_config (NULL: not given) say; reports what is wrong with each text.
 */
void config_tls_read(const struct section *connection_section,
    const struct section *ssl_config, struct config_connection *);

#endif
