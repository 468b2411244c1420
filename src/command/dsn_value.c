/* SPDX-License-Identifier: PostgreSQL */

/*
 * `prefer` is what clients do by themselves, so it is left to them.
 */
#include "command/dsn_value.h"

#include <stddef.h>

#include "config/config.h"
#include "config/options.h"

struct dsn
dsn_value_of(const struct config_connection *connection)
{
	struct dsn dsn = { .name = connection->name,
		.database = connection->database,
		.username = connection->username };

	if (connection->client_tls == TLS_ENDS_HERE ||
	    connection->host_kind == CONFIG_HOST_SOCKET ||
	    connection->ssl_mode == SSL_MODE_PREFER)
		return dsn;
	dsn.ssl_mode = config_options_ssl_mode(connection->ssl_mode);
	if (connection->ssl_mode >= SSL_MODE_VERIFY_CA)
		dsn.authorities = connection->ca_cert.path;
	if (connection->ssl_mode == SSL_MODE_VERIFY_FULL)
		dsn.verified_name = connection->host;
	return dsn;
}
