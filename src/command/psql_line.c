/* SPDX-License-Identifier: PostgreSQL */

/*
 * A psql command is quoted twice: its values for the connection string
 * (PostgreSQL documentation, "Keyword/Value Connection Strings"), then the
 * string for the shell.
 */
#include "command/psql_line.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/shell_word.h"
#include "base/xmalloc.h"
#include "config/config.h"

/* A value of a connection string, the caller's; quoted only if it must be. */
static char *
quoted_value(const char *value)
{
	bool is_quoted = *value == '\0' ||
	    strpbrk(value, " \t\r\n\f\v'\\") != NULL;
	char *text = xmalloc(2 * strlen(value) + sizeof "''"), *at = text;

	if (is_quoted)
		*at++ = '\'';
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\')
			*at++ = '\\';
		*at++ = *value;
	}
	if (is_quoted)
		*at++ = '\'';
	*at = '\0';
	return text;
}

static char *
connection_string(const struct config_connection *connection)
{
	const struct config_listen *listen = &connection->listens[0];
	char port[12];
	const struct {
		const char *keyword, *value;
	} pairs[] = {
		{ "host", listen->dir != NULL ? listen->dir : listen->host },
		{ "port", port },
		{ "dbname", connection->database },
		{ "user", connection->username },
	};
	char *text = NULL, *value, *longer;

	snprintf(port, sizeof port, "%u", listen->port);
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		if (pairs[i].value == NULL)
			continue;
		value = quoted_value(pairs[i].value);
		longer = xasprintf("%s%s%s=%s", text != NULL ? text : "",
		    text != NULL ? " " : "", pairs[i].keyword, value);
		free(value);
		free(text);
		text = longer;
	}
	return text;
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
