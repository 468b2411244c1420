/* SPDX-License-Identifier: PostgreSQL */

#include "config/named_connections.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/xmalloc.h"
#include "config/config.h"

static const struct config_connection *
find(const struct config *cfg, const char *name)
{
	struct nearest nearest = { .typed = name };

	for (size_t i = 0; i < cfg->connection_count; i++) {
		if (strcmp(cfg->connections[i].name, name) == 0)
			return &cfg->connections[i];
		nearest_consider(&nearest, cfg->connections[i].name);
	}
	fprintf(stderr, "pgjump: %s has no connection \"%s\"", cfg->path, name);
	if (nearest.word[0] != '\0')
		fprintf(stderr, "; did you mean \"%s\"?", nearest.word);
	fputc('\n', stderr);
	return NULL;
}

static bool
holds(const struct config_connection *const *list, size_t count,
    const struct config_connection *connection)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == connection)
			return true;
	return false;
}

const struct config_connection **
named_connections(const struct config *cfg, char *const *names)
{
	const struct config_connection *connection, **list;
	bool has_unknown = false;
	size_t count = 0;

	list = xcalloc(cfg->connection_count + 1, sizeof *list);
	for (; *names != NULL; names++) {
		connection = find(cfg, *names);
		if (connection == NULL)
			has_unknown = true;
		else if (!holds(list, count, connection))
			list[count++] = connection;
	}
	if (has_unknown) {
		free(list);
		return NULL;
	}
	for (size_t i = 0; count == 0 && i < cfg->connection_count; i++)
		list[i] = &cfg->connections[i];
	return list;
}
