/* SPDX-License-Identifier: PostgreSQL */

/* How a client reaches a database, before it is written in any form. */
#ifndef PGJUMP_COMMAND_DSN_VALUE_H
#define PGJUMP_COMMAND_DSN_VALUE_H

struct config_connection;

/* A plain value of borrowed texts; NULL: left to the client. */
struct dsn {
	const char *name; /* of the connection */
	const char *host; /* where pgjump listens, or ... */
	const char *dir;  /* ... the directory of its Unix socket */
	char port[12];
	const char *database, *username, *password;
	const char *ssl_mode;
	const char *verified_name; /* in the certificate; not `host` */
	const char *authorities;   /* a file */
};

/*
 * All but where pgjump listens and the password.  TLS that ends at pgjump shows
 * pgjump's certificate, and a Unix socket of the database has none: then the
 * three last ones are NULL.
 */
struct dsn dsn_value_of(const struct config_connection *);

#endif
