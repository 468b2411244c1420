/* SPDX-License-Identifier: PostgreSQL */

/*
 * A psql command in the quotes of two languages: that of connection strings
 * (PostgreSQL documentation, "Keyword/Value Connection Strings") and, around
 * it, that of the shell.
 */
#include "psql_line.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "shell_word.h"
#include "xmalloc.h"

/* A value of a connection string; quoted only where it must be. */
static void
put_value(FILE *out, const char *value)
{
	bool quoted = *value == '\0' ||
	    strpbrk(value, " \t\r\n\f\v'\\") != NULL;

	if (quoted)
		putc('\'', out);
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\')
			putc('\\', out);
		putc(*value, out);
	}
	if (quoted)
		putc('\'', out);
}

static void
put_pair(FILE *out, const char *keyword, const char *value)
{
	if (value == NULL)
		return;
	fprintf(out, " %s=", keyword);
	put_value(out, value);
}

static char *
connection_string(const struct config_connection *connection)
{
	const struct config_listen *listen = &connection->listens[0];
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert(out != NULL);
	fputs("host=", out);
	put_value(out, listen->dir != NULL ? listen->dir : listen->host);
	fprintf(out, " port=%u", listen->port);
	put_pair(out, "dbname", connection->database);
	put_pair(out, "user", connection->username);
	fclose(out);
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
