/* SPDX-License-Identifier: PostgreSQL */

/*
 * A function for each form, in the order of their table; those of URIs are in
 * dsn_uri.c.
 */
#include "command/dsn_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/shell_word.h"
#include "base/xmalloc.h"
#include "command/dsn_uri.h"
#include "command/dsn_value.h"
#include "command/dsn_writer.h"

struct dsn_format {
	const char *name;
	bool is_line;
	void (*write)(struct dsn_writer *, const struct dsn *);
};

/* A setting; NULL: it is left out. */
struct pair {
	const char *key, *value;
};

/* Those of libpq, in its words (PostgreSQL, "Parameter Key Words"). */
#define LIBPQ_PAIRS 8

static void
libpq_pairs(const struct dsn *dsn, struct pair pairs[LIBPQ_PAIRS])
{
	const struct pair all[LIBPQ_PAIRS] = {
		{ "host", dsn_writer_name(dsn) },
		{ "hostaddr", dsn_writer_address(dsn) },
		{ "port", dsn->port },
		{ "dbname", dsn->database },
		{ "user", dsn->username },
		{ "password", dsn->password },
		{ "sslmode", dsn->ssl_mode },
		{ "sslrootcert", dsn->authorities },
	};

	memcpy(pairs, all, sizeof all);
}

/* --- libpq's other forms -------------------------------------------------- */

/* PostgreSQL, "Keyword/Value Connection Strings". */
static void
put_keyword_value(struct dsn_writer *writer, const char *value)
{
	bool is_quoted = *value == '\0' ||
	    strpbrk(value, " \t\r\n\f\v'\\") != NULL;

	if (is_quoted)
		dsn_writer_put(writer, "'");
	dsn_writer_escaped(writer, value, "'\\", '\\');
	if (is_quoted)
		dsn_writer_put(writer, "'");
}

static void
write_keyword(struct dsn_writer *writer, const struct dsn *dsn)
{
	struct pair pairs[LIBPQ_PAIRS];

	libpq_pairs(dsn, pairs);
	for (size_t i = 0; i < LIBPQ_PAIRS; i++) {
		if (pairs[i].value == NULL)
			continue;
		if (writer->len > 0)
			dsn_writer_put(writer, " ");
		dsn_writer_put(writer, pairs[i].key);
		dsn_writer_put(writer, "=");
		put_keyword_value(writer, pairs[i].value);
	}
}

static void
write_env(struct dsn_writer *writer, const struct dsn *dsn)
{
	static const char *const names[LIBPQ_PAIRS] = { "PGHOST", "PGHOSTADDR",
		"PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGSSLMODE",
		"PGSSLROOTCERT" };
	struct pair pairs[LIBPQ_PAIRS];
	char *word;

	libpq_pairs(dsn, pairs);
	for (size_t i = 0; i < LIBPQ_PAIRS; i++) {
		if (pairs[i].value == NULL)
			continue;
		word = shell_word(pairs[i].value);
		dsn_writer_put(writer, "export ");
		dsn_writer_put(writer, names[i]);
		dsn_writer_put(writer, "=");
		dsn_writer_put(writer, word);
		dsn_writer_put(writer, "\n");
		secret_free(word);
	}
}

/* libpq takes a value as it stands, up to the blanks at the end of its line
 * (PostgreSQL, "The Connection Service File"). */
static bool
fits_service(const char *value)
{
	size_t len = strlen(value);

	return strpbrk(value, "\r\n") == NULL &&
	    (len == 0 || strchr(" \t\f\v", value[len - 1]) == NULL);
}

static void
write_service(struct dsn_writer *writer, const struct dsn *dsn)
{
	struct pair pairs[LIBPQ_PAIRS];

	libpq_pairs(dsn, pairs);
	dsn_writer_put(writer, "[");
	dsn_writer_put(writer, dsn->name);
	dsn_writer_put(writer, "]\n");
	for (size_t i = 0; i < LIBPQ_PAIRS; i++) {
		if (pairs[i].value == NULL)
			continue;
		if (!fits_service(pairs[i].value)) {
			dsn_writer_refuse(writer,
			    "a service file cannot hold a value "
			    "with a newline, or with a blank at its "
			    "end");
			return;
		}
		dsn_writer_put(writer, pairs[i].key);
		dsn_writer_put(writer, "=");
		dsn_writer_put(writer, pairs[i].value);
		dsn_writer_put(writer, "\n");
	}
}

/* For any database of the server, but for this user only. */
static void
put_pgpass_line(struct dsn_writer *writer, const struct dsn *dsn,
    const char *host)
{
	dsn_writer_escaped(writer, host, ":\\", '\\');
	dsn_writer_put(writer, ":");
	dsn_writer_put(writer, dsn->port);
	dsn_writer_put(writer, ":*:");
	dsn_writer_escaped(writer, dsn->username != NULL ? dsn->username : "*",
	    ":\\", '\\');
	dsn_writer_put(writer, ":");
	dsn_writer_escaped(writer, dsn->password, ":\\", '\\');
	dsn_writer_put(writer, "\n");
}

/* libpq looks for the `host` that it was given. */
static void
write_pgpass(struct dsn_writer *writer, const struct dsn *dsn)
{
	if (dsn->password == NULL) {
		dsn_writer_refuse(writer,
		    "a password file needs a password: give "
		    "--with-password, and have one in the "
		    "configuration");
		return;
	}
	if (strpbrk(dsn->password, "\r\n") != NULL) {
		dsn_writer_refuse(writer,
		    "a password file cannot hold a newline");
		return;
	}
	put_pgpass_line(writer, dsn, dsn_writer_host(dsn));
	if (dsn->dir == NULL)
		put_pgpass_line(writer, dsn, "localhost");
	if (dsn->verified_name != NULL)
		put_pgpass_line(writer, dsn, dsn->verified_name);
}

/* --- Connection strings of ODBC and .NET ---------------------------------- */

/* psqlODBC takes the braces off these values, and decodes %41 and + in others
 * of them. */
static void
put_odbc_braced(struct dsn_writer *writer, const char *key, const char *value)
{
	if (value == NULL)
		return;
	dsn_writer_put(writer, key);
	dsn_writer_put(writer, "={");
	dsn_writer_escaped(writer, value, "}", '}');
	dsn_writer_put(writer, "};");
}

/* psqlODBC takes what stands up to the semicolon, and braces as a part of it.
 */
static void
put_odbc(struct dsn_writer *writer, const char *key, const char *value)
{
	if (value == NULL)
		return;
	if (value[0] == '{' || strchr(value, ';') != NULL)
		dsn_writer_refuse(writer,
		    "psqlODBC takes no semicolon, and no brace at the "
		    "beginning, in the name of a server, database or user");
	dsn_writer_put(writer, key);
	dsn_writer_put(writer, "=");
	dsn_writer_put(writer, value);
	dsn_writer_put(writer, ";");
}

/* What the driver has no key for is passed to libpq (psqlODBC, "pqopt"). */
static void
write_odbc(struct dsn_writer *writer, const struct dsn *dsn)
{
	struct dsn_writer options = { .size = writer->size,
		.text = xcalloc(1, writer->size) };

	dsn_writer_put(writer, "Driver={PostgreSQL Unicode};");
	put_odbc(writer, "Server", dsn_writer_name(dsn));
	put_odbc(writer, "Port", dsn->port);
	put_odbc(writer, "Database", dsn->database);
	put_odbc(writer, "Uid", dsn->username);
	put_odbc_braced(writer, "Pwd", dsn->password);
	put_odbc(writer, "SSLmode", dsn->ssl_mode);
	if (dsn_writer_address(dsn) != NULL) {
		dsn_writer_put(&options, "hostaddr=");
		put_keyword_value(&options, dsn_writer_address(dsn));
	}
	if (dsn->authorities != NULL) {
		dsn_writer_put(&options,
		    options.len > 0 ? " sslrootcert=" : "sslrootcert=");
		put_keyword_value(&options, dsn->authorities);
	}
	if (options.len > 0)
		put_odbc_braced(writer, "pqopt", options.text);
	free(options.text);
}

/* The rules of DbConnectionStringBuilder: quoted where it must be, a quote
 * inside doubled. */
static void
put_npgsql(struct dsn_writer *writer, const char *key, const char *value)
{
	bool is_quoted;

	if (value == NULL)
		return;
	is_quoted = *value == '\0' || strpbrk(value, ";'\"= \t\r\n") != NULL;
	dsn_writer_put(writer, writer->len > 0 ? ";" : "");
	dsn_writer_put(writer, key);
	dsn_writer_put(writer, "=");
	if (is_quoted)
		dsn_writer_put(writer, "\"");
	dsn_writer_escaped(writer, value, is_quoted ? "\"" : "", '"');
	if (is_quoted)
		dsn_writer_put(writer, "\"");
}

static const char *
npgsql_mode(const char *mode)
{
	static const struct pair modes[] = { { "disable", "Disable" },
		{ "allow", "Allow" }, { "prefer", "Prefer" },
		{ "require", "Require" }, { "verify-ca", "VerifyCA" },
		{ "verify-full", "VerifyFull" } };

	for (size_t i = 0; mode != NULL && i < sizeof modes / sizeof *modes;
	     i++)
		if (strcmp(modes[i].key, mode) == 0)
			return modes[i].value;
	return NULL;
}

static void
write_npgsql(struct dsn_writer *writer, const struct dsn *dsn)
{
	put_npgsql(writer, "Host", dsn_writer_host(dsn));
	put_npgsql(writer, "Port", dsn->port);
	put_npgsql(writer, "Database", dsn->database);
	put_npgsql(writer, "Username", dsn->username);
	put_npgsql(writer, "Password", dsn->password);
	put_npgsql(writer, "SSL Mode",
	    npgsql_mode(dsn_writer_weaker_mode(writer, dsn)));
	put_npgsql(writer, "Root Certificate", dsn->authorities);
}

/* --- The table ------------------------------------------------------------ */

static const struct dsn_format formats[] = {
	{ "uri", true, dsn_uri_libpq },
	{ "keyword", true, write_keyword },
	{ "jdbc", true, dsn_uri_jdbc },
	{ "odbc", true, write_odbc },
	{ "env", false, write_env },
	{ "service", false, write_service },
	{ "pgpass", false, write_pgpass },
	{ "sqlalchemy", true, dsn_uri_sqlalchemy },
	{ "npgsql", true, write_npgsql },
	{ "go", true, dsn_uri_go },
};

#define FORMAT_COUNT (sizeof formats / sizeof *formats)

const struct dsn_format *
dsn_text_find(const char *name)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

bool
dsn_text_is_line(const struct dsn_format *format)
{
	return format->is_line;
}

void
dsn_text_list(FILE *out)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++)
		fprintf(out, "%s%s", i > 0 ? ", " : "", formats[i].name);
}

/* Enough for the longest form: three times a text as %XX, and a password and a
 * name in each of three lines. */
static size_t
room_for(const struct dsn *dsn)
{
	const char *texts[] = { dsn->name, dsn->host, dsn->dir, dsn->database,
		dsn->username, dsn->password, dsn->verified_name,
		dsn->authorities };
	size_t len = 1024;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		len += texts[i] != NULL ? 8 * strlen(texts[i]) : 0;
	return len;
}

char *
dsn_text(const struct dsn_format *format, const struct dsn *dsn,
    const char **remark)
{
	struct dsn_writer writer = { .size = room_for(dsn) };

	writer.text = xcalloc(1, writer.size);
	format->write(&writer, dsn);
	*remark = writer.remark;
	if (!writer.is_refused)
		return writer.text;
	secret_free(writer.text);
	return NULL;
}
