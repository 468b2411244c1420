/* SPDX-License-Identifier: PostgreSQL */

/*
 * Promises that a text is read back as it is, not as a variable or as another
 * type, and a path as the same file from every directory.
 */
#include "config/printing.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "config/environment.h"
#include "config/yaml_write.h"

void
config_printing_begin(struct printing *printing, const char *key)
{
	unsigned dash = printing->is_item_due ? 2 : 0;

	fprintf(printing->out, "%*s%s%s:", (int)(printing->indent - dash), "",
	    printing->is_item_due ? "- " : "", key);
	printing->is_item_due = false;
}

void
config_printing_end(struct printing *printing, bool is_default)
{
	fputs(is_default ? " # default\n" : "\n", printing->out);
}

void
config_printing_comment(struct printing *printing, const char *key)
{
	/* An item begins with the name, which is required. */
	assert(!printing->is_item_due);
	fprintf(printing->out, "%*s# %s:", (int)printing->indent, "", key);
}

void
config_printing_not_set(struct printing *printing, const char *key)
{
	config_printing_comment(printing, key);
	fputs(" not set\n", printing->out);
}

void
config_printing_quote(struct printing *printing, const char *text)
{
	char *verbatim = config_environment_verbatim(text);

	yaml_write_quoted(printing->out, verbatim);
	free(verbatim);
}

void
config_printing_quote_path(struct printing *printing, const char *path)
{
	char here[PATH_MAX], *absolute = NULL;

	while (strncmp(path, "./", 2) == 0)
		path += 2;
	if (path[0] != '/' && getcwd(here, sizeof here) != NULL)
		absolute = xasprintf("%s/%s", here, path);
	config_printing_quote(printing, absolute != NULL ? absolute : path);
	free(absolute);
}

void
config_printing_flow(struct printing *printing, size_t count, const void *of,
    void (*write)(struct printing *, const void *of, size_t index))
{
	for (size_t i = 0; i < count; i++) {
		fputs(i == 0 ? " [" : ", ", printing->out);
		write(printing, of, i);
	}
	fputc(']', printing->out);
}
