/* SPDX-License-Identifier: PostgreSQL */

/*
 * The text of a form as it is written, and the quotes and settings that several
 * forms share.
 */
#ifndef PGJUMP_COMMAND_DSN_WRITER_H
#define PGJUMP_COMMAND_DSN_WRITER_H

#include <stdbool.h>
#include <stddef.h>

struct dsn;

/* The text has all its room from the start: a copy left behind might hold the
 * password. */
struct dsn_writer {
	char *text;
	size_t len, size;
	const char *remark; /* what the text cannot do; NULL: nothing */
	bool is_refused;    /* the form cannot say it; remark says why */
};

void dsn_writer_put(struct dsn_writer *, const char *text);

/* With each of the `special` characters behind `escape`. */
void dsn_writer_escaped(struct dsn_writer *, const char *text,
    const char *special, char escape);

/* RFC 3986, 2.3: everything but unreserved characters as %XX. */
void dsn_writer_percent(struct dsn_writer *, const char *text);

void dsn_writer_refuse(struct dsn_writer *, const char *why);

/* The address where pgjump listens, or its directory. */
const char *dsn_writer_host(const struct dsn *);

/*
 * The name in the database's certificate is not the address where pgjump
 * listens.  libpq takes both, as `host` and `hostaddr`, and so do the clients
 * built on it.  The second is NULL where one is enough.
 */
const char *dsn_writer_name(const struct dsn *);
const char *dsn_writer_address(const struct dsn *);

/* For other clients sslmode=verify-full becomes verify-ca, with a remark. */
const char *dsn_writer_weaker_mode(struct dsn_writer *, const struct dsn *);

#endif
