/* SPDX-License-Identifier: PostgreSQL */

/*
 * All of them decode %XX, in a few places less than one would think.
 */
#include "command/dsn_uri.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "command/dsn_value.h"
#include "command/dsn_writer.h"

/* A setting of the query; NULL: it is left out. */
struct pair {
	const char *key, *value;
};

/* "user:password@host:port"; without a host for a Unix socket. */
static void
put_authority(struct dsn_writer *writer, const struct dsn *dsn,
    const char *host)
{
	if (dsn->username != NULL) {
		dsn_writer_percent(writer, dsn->username);
		if (dsn->password != NULL) {
			dsn_writer_put(writer, ":");
			dsn_writer_percent(writer, dsn->password);
		}
		dsn_writer_put(writer, "@");
	}
	if (dsn->dir != NULL)
		return;
	if (strchr(host, ':') != NULL) {
		dsn_writer_put(writer, "[");
		dsn_writer_put(writer, host);
		dsn_writer_put(writer, "]");
	} else {
		dsn_writer_percent(writer, host);
	}
	dsn_writer_put(writer, ":");
	dsn_writer_put(writer, dsn->port);
}

/* The settings that are given, behind "?". */
static void
put_query(struct dsn_writer *writer, const struct pair *pairs, size_t count)
{
	const char *before = "?";

	for (size_t i = 0; i < count; i++) {
		if (pairs[i].value == NULL)
			continue;
		dsn_writer_put(writer, before);
		dsn_writer_put(writer, pairs[i].key);
		dsn_writer_put(writer, "=");
		dsn_writer_percent(writer, pairs[i].value);
		before = "&";
	}
}

/*
 * A database's name.  Not all clients decode every %XX there: these stand for
 * themselves in a path (RFC 3986, 3.3).
 */
#define IN_PATH "$&+,/:;=@"

static void
put_path(struct dsn_writer *writer, const char *database)
{
	char one[2] = "";

	for (; *database != '\0'; database++) {
		one[0] = *database;
		if (strchr(IN_PATH, *database) != NULL)
			dsn_writer_put(writer, one);
		else
			dsn_writer_percent(writer, one);
	}
}

/* A password needs a user before it, and libpq has no default for one. */
static const char *
lone_password(const struct dsn *dsn)
{
	return dsn->username == NULL ? dsn->password : NULL;
}

static void
put_uri(struct dsn_writer *writer, const struct dsn *dsn, const char *scheme,
    const char *database, const struct pair *more)
{
	const bool is_libpq = more != NULL;
	const struct pair query[] = {
		{ "host", dsn->dir },
		{ "port", dsn->dir != NULL ? dsn->port : NULL },
		{ "hostaddr", is_libpq ? dsn_writer_address(dsn) : NULL },
		{ "password", lone_password(dsn) },
		{ "sslmode",
		    is_libpq ? dsn->ssl_mode
			     : dsn_writer_weaker_mode(writer, dsn) },
		{ "sslrootcert", dsn->authorities },
		{ is_libpq ? more->key : NULL, is_libpq ? more->value : NULL },
	};

	dsn_writer_put(writer, scheme);
	put_authority(writer, dsn,
	    is_libpq ? dsn_writer_name(dsn) : dsn_writer_host(dsn));
	dsn_writer_put(writer, "/");
	if (database != NULL)
		put_path(writer, database);
	put_query(writer, query, sizeof query / sizeof *query);
}

void
dsn_uri_libpq(struct dsn_writer *writer, const struct dsn *dsn)
{
	static const struct pair none = { NULL, NULL };

	put_uri(writer, dsn, "postgresql://", dsn->database, &none);
	if (dsn_writer_address(dsn) != NULL)
		writer->remark =
		    "hostaddr is known to libpq and to clients built on it; "
		    "see the formats jdbc, npgsql and go for others";
}

/* SQLAlchemy decodes no %XX in the name of the database. */
void
dsn_uri_sqlalchemy(struct dsn_writer *writer, const struct dsn *dsn)
{
	const char *database = dsn->database;
	bool is_plain = database != NULL &&
	    strspn(database, TEXT_LETTERS TEXT_DIGITS "-._~" IN_PATH) ==
		strlen(database);
	const struct pair in_query = { "dbname", is_plain ? NULL : database };

	put_uri(writer, dsn, "postgresql://", is_plain ? database : NULL,
	    &in_query);
}

void
dsn_uri_go(struct dsn_writer *writer, const struct dsn *dsn)
{
	put_uri(writer, dsn, "postgres://", dsn->database, NULL);
}

void
dsn_uri_jdbc(struct dsn_writer *writer, const struct dsn *dsn)
{
	const struct pair query[] = {
		{ "user", dsn->username },
		{ "password", dsn->password },
		{ "sslmode", dsn_writer_weaker_mode(writer, dsn) },
		{ "sslrootcert", dsn->authorities },
	};
	struct dsn address = *dsn;

	if (dsn->dir != NULL) {
		dsn_writer_refuse(writer,
		    "pgjdbc has no Unix sockets: let the connection "
		    "listen on a port");
		return;
	}
	address.username = NULL;
	dsn_writer_put(writer, "jdbc:postgresql://");
	put_authority(writer, &address, dsn->host);
	dsn_writer_put(writer, "/");
	if (dsn->database != NULL)
		dsn_writer_percent(writer, dsn->database);
	put_query(writer, query, sizeof query / sizeof *query);
}
