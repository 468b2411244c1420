/* SPDX-License-Identifier: PostgreSQL */

/*
 * The names that are no jump boxes are left to config/named_connections.h,
 * which reports those that are unknown.
 */
#include "command/wanted.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "config/config.h"
#include "config/named_connections.h"

/* NULL: the name is that of no jump box, or of a connection as well. */
static const struct config_jump_box *
find_box(const struct config *cfg, const char *name)
{
	for (size_t i = 0; i < cfg->connection_count; i++)
		if (strcmp(cfg->connections[i].name, name) == 0)
			return NULL;
	for (size_t i = 0; i < cfg->jump_box_count; i++)
		if (strcmp(cfg->jump_boxes[i].name, name) == 0)
			return &cfg->jump_boxes[i];
	return NULL;
}

static size_t
count_of(char *const *names)
{
	size_t count = 0;

	while (names[count] != NULL)
		count++;
	return count;
}

/* Fill `out` with the jump boxes, and `rest` with the other names. */
static size_t
take_boxes(const struct config *cfg, char *const *names, struct wanted *out,
    char **rest)
{
	size_t count = 0;

	for (; *names != NULL; names++) {
		const struct config_jump_box *box = find_box(cfg, *names);

		if (box != NULL)
			out[count++] = (struct wanted){ box->name,
				&box->settings };
		else
			*rest++ = *names;
	}
	return count;
}

static bool
add_connections(const struct config *cfg, char *const *names,
    struct wanted *out)
{
	const struct config_connection **list = named_connections(cfg, names);

	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		out[i] = (struct wanted){ list[i]->name, list[i]->jump };
	free(list);
	return list != NULL;
}

struct wanted *
wanted_find(const struct config *cfg, char *const *names)
{
	size_t count = count_of(names), boxes;
	char **rest = xcalloc(count + 1, sizeof *rest);
	struct wanted *wanted = xcalloc(count + cfg->connection_count + 1,
	    sizeof *wanted);

	boxes = take_boxes(cfg, names, wanted, rest);
	if ((boxes < count || count == 0) &&
	    !add_connections(cfg, rest, wanted + boxes)) {
		free(wanted);
		wanted = NULL;
	}
	free(rest);
	return wanted;
}
