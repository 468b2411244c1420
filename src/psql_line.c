/* SPDX-License-Identifier: PostgreSQL */

/*
 * A psql command in the quotes of two languages: that of connection strings
 * (PostgreSQL documentation, "Keyword/Value Connection Strings") and, around
 * it, that of the shell.  Single quotes around the whole: the log, which
 * escapes double ones, then shows the command as it is typed.
 */
#include "psql_line.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

/* One character inside the single quotes of a shell. */
static void
put_shell(FILE *out, char c)
{
	if (c == '\'')
		fputs("'\\''", out);
	else
		putc(c, out);
}

/* A value of a connection string; quoted only where it must be. */
static void
put_value(FILE *out, const char *value)
{
	bool quoted = *value == '\0' ||
	    strpbrk(value, " \t\r\n\f\v'\\") != NULL;

	if (quoted)
		put_shell(out, '\'');
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\')
			put_shell(out, '\\');
		put_shell(out, *value);
	}
	if (quoted)
		put_shell(out, '\'');
}

static void
put_pair(FILE *out, const char *keyword, const char *value)
{
	if (value == NULL)
		return;
	fprintf(out, " %s=", keyword);
	put_value(out, value);
}

char *
psql_line(const struct config_connection *connection)
{
	const struct config_listen *listen = &connection->listens[0];
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert(out != NULL);
	fputs("psql 'host=", out);
	put_value(out, listen->dir != NULL ? listen->dir : listen->host);
	fprintf(out, " port=%u", listen->port);
	put_pair(out, "dbname", connection->database);
	put_pair(out, "user", connection->username);
	putc('\'', out);
	fclose(out);
	return text;
}
