/* SPDX-License-Identifier: PostgreSQL */

/* Reads within bounds, and leaves no copy of the bytes behind. */
#include "config/document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/command_line.h"
#include "base/secret.h"
#include "base/xmalloc.h"
#include "config/yaml.h"

#define VARIABLE "PGJUMP_CONFIG_TEXT"

/*
 * One byte more than is allowed is read, so that a document which is too large
 * is noticed.
 */
static void
read_standard_input(struct config_document *document)
{
	char *buf = xmalloc(YAML_SIZE_MAX + 1);
	ssize_t got = 1;

	while (got > 0 && document->len <= YAML_SIZE_MAX) {
		got = read(STDIN_FILENO, buf + document->len,
		    YAML_SIZE_MAX + 1 - document->len);
		if (got > 0)
			document->len += (size_t)got;
	}
	if (got < 0) {
		document->error = errno;
	} else {
		document->bytes = xmalloc(document->len + 1);
		memcpy(document->bytes, buf, document->len);
	}
	secret_wipe(buf, document->len);
	free(buf);
}

static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

const char *
config_document_variable(void)
{
	return variable(VARIABLE);
}

static void
warn_of_both(const char *used, const char *ignored)
{
	fprintf(stderr, "pgjump: warning: %s is used, and %s is not\n", used,
	    ignored);
}

static void
warn_of_others(bool has_path)
{
	bool has_text = config_document_variable() != NULL;

	if (has_path && has_text)
		warn_of_both("-c", VARIABLE);
	if ((has_path || has_text) && variable("PGJUMP_CONFIG") != NULL)
		warn_of_both(has_path ? "-c" : VARIABLE, "PGJUMP_CONFIG");
}

bool
config_document_open(struct config_document *document,
    const struct command_line_list *paths)
{
	const char *text = config_document_variable();

	*document = (struct config_document){ .name = NULL };
	warn_of_others(paths->count > 0);
	if (paths->count == 1 && strcmp(paths->items[0], "-") == 0) {
		document->name = "standard input";
		read_standard_input(document);
	} else if (paths->count == 0 && text != NULL) {
		document->name = VARIABLE;
		document->bytes = xstrdup(text);
		document->len = strlen(text);
	}
	unsetenv(VARIABLE);
	return document->name != NULL;
}

void
config_document_clear(struct config_document *document)
{
	if (document->bytes != NULL)
		secret_wipe(document->bytes, document->len);
	free(document->bytes);
	*document = (struct config_document){ .name = NULL };
}
