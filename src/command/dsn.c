/* SPDX-License-Identifier: PostgreSQL */

/*
 * Where pgjump listens, with what the configuration knows of the database.
 */
#include "command/dsn.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/command_line.h"
#include "base/fault.h"
#include "base/secret.h"
#include "command/dsn_text.h"
#include "command/dsn_value.h"
#include "config/config.h"
#include "config/load.h"
#include "config/named_connections.h"

static void
say(const char *what)
{
	fprintf(stderr, "pgjump: %s\n", what);
}

/* An address that stands for all of a machine's is none to connect to. */
static const char *
reachable(const char *host)
{
	if (host == NULL || strcmp(host, "0.0.0.0") == 0)
		return "127.0.0.1";
	return strcmp(host, "::") == 0 ? "::1" : host;
}

/* False after a message; otherwise *password is the caller's. */
static bool
load_password(const struct config_connection *connection, char **password)
{
	char error[FAULT_WORDS_MAX];

	if (!secret_is_set(&connection->password)) {
		say("this connection has no password");
		return false;
	}
	*password = secret_load(&connection->password, error, sizeof error);
	if (*password == NULL)
		say(error);
	return *password != NULL;
}

/* A client reads certificates from a file of its own. */
static void
remark_on_authorities(const struct config_connection *connection,
    const struct dsn *dsn)
{
	if (dsn->ssl_mode != NULL &&
	    connection->ssl_mode >= SSL_MODE_VERIFY_CA &&
	    dsn->authorities == NULL)
		say("where the certificate of the database is not signed by an "
		    "authority of the system, the client needs a file with "
		    "that authority (sslrootcert)");
}

static bool
print(const struct dsn_format *format, const struct dsn *dsn)
{
	const char *remark;
	char *text = dsn_text(format, dsn, &remark);

	if (remark != NULL)
		say(remark);
	if (text == NULL)
		return false;
	printf("%s%s", text, dsn_text_is_line(format) ? "\n" : "");
	secret_free(text);
	return true;
}

static int
run(const struct command_line *line, const struct dsn_format *format,
    const struct config_connection *connection)
{
	const struct config_listen *listen = &connection->listens[0];
	struct dsn dsn = dsn_value_of(connection);
	char *password = NULL;
	bool is_printed;

	if (line->with_password && !load_password(connection, &password))
		return 1;
	dsn.password = password;
	dsn.dir = listen->dir;
	dsn.host = reachable(listen->host);
	snprintf(dsn.port, sizeof dsn.port, "%u", listen->port);
	is_printed = print(format, &dsn);
	if (is_printed)
		remark_on_authorities(connection, &dsn);
	secret_free(password);
	return is_printed ? 0 : 1;
}

/* NULL after a message. */
static const struct dsn_format *
read_format(const char *name)
{
	const struct dsn_format *format = dsn_text_find(
	    name != NULL ? name : "uri");

	if (format != NULL)
		return format;
	fprintf(stderr, "pgjump: --format \"%s\": the formats are ", name);
	dsn_text_list(stderr);
	fputc('\n', stderr);
	return NULL;
}

int
command_dsn_run(const struct command_line *line)
{
	const struct dsn_format *format = read_format(line->format);
	const struct config_connection **named = NULL;
	struct config *cfg = NULL;
	int code = 1;

	if (format != NULL)
		cfg = config_load(&line->config_paths, line->names, false);
	if (cfg != NULL)
		named = named_connections(cfg, line->names);
	if (named != NULL)
		code = run(line, format, named[0]);
	free(named);
	config_unref(cfg);
	return code;
}
