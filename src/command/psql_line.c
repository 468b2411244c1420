/* SPDX-License-Identifier: PostgreSQL */

/*
 * A psql command is quoted twice: its values for the connection string, then
 * the string for the shell.
 */
#include "command/psql_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/shell_word.h"
#include "base/xmalloc.h"
#include "command/dsn_text.h"
#include "command/dsn_value.h"
#include "config/config.h"

/* Without ssl_config: `check` alone obeys that, and TLS passes through. */
static char *
connection_string(const struct config_connection *connection)
{
	const struct config_listen *listen = &connection->listens[0];
	struct dsn dsn = { .host = listen->host,
		.dir = listen->dir,
		.database = connection->database,
		.username = connection->username };
	const char *remark;

	snprintf(dsn.port, sizeof dsn.port, "%u", listen->port);
	return dsn_text(dsn_text_find("keyword"), &dsn, &remark);
}

char *
psql_line(const struct config_connection *connection)
{
	char *string = connection_string(connection), *word = NULL, *line;

	if (strpbrk(string, "\"$`\\!") == NULL) {
		line = xasprintf("psql \"%s\"", string);
	} else {
		word = shell_word(string);
		line = xasprintf("psql %s", word);
	}
	free(word);
	free(string);
	return line;
}

void
psql_line_announce(const struct config *cfg)
{
	for (size_t i = 0; i < cfg->connection_count; i++) {
		char *line = psql_line(&cfg->connections[i]);

		log_info("listening",
		    log_str("connection", cfg->connections[i].name),
		    log_str("psql", line));
		free(line);
	}
	log_info("ready",
	    log_num("connections", (int64_t)cfg->connection_count),
	    log_num("workers", cfg->workers));
}
