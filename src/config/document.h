/* SPDX-License-Identifier: PostgreSQL */

/*
 * A configuration that is in no file: on standard input, or in the variable
 * PGJUMP_CONFIG_TEXT.
 */
#ifndef PGJUMP_CONFIG_DOCUMENT_H
#define PGJUMP_CONFIG_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

struct command_line_list;

struct config_document {
	const char
	    *name;   /* for messages; NULL: the configuration is in files */
	char *bytes; /* NULL: they cannot be read */
	size_t len;
	int error; /* the errno of that */
};

/*
 * Whether the configuration is in no file, and its bytes, which the caller
 * wipes by config_document_clear(): with `-c -` standard input, without -c the
 * variable, if it is set.  Warns on stderr where two of -c, the variable and
 * PGJUMP_CONFIG are given.  Takes the variable out of the environment, so that
 * no child inherits what may hold secrets.
 */
bool config_document_open(struct config_document *,
    const struct command_line_list *paths);
void config_document_clear(struct config_document *);

/* The variable; NULL: it is not set, or to nothing. */
const char *config_document_variable(void);

#endif
