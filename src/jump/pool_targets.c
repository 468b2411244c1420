/* SPDX-License-Identifier: PostgreSQL */

/*
 * A list by the labels of databases, since several connections may lead to one.
 */
#include "jump/pool_targets.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "config/config.h"

struct pool_target *
pool_targets_find(const struct pool_targets *targets,
    const struct config_connection *connection)
{
	struct pool_target *target;

	SLIST_FOREACH(target, targets, entry)
		if (strcmp(target->label, connection->label) == 0)
			break;
	return target;
}

struct pool_target *
pool_targets_get(struct pool_targets *targets,
    const struct config_connection *connection)
{
	struct pool_target *target = pool_targets_find(targets, connection);

	if (target != NULL)
		return target;
	target = xcalloc(1, sizeof *target);
	target->label = xstrdup(connection->label);
	target->host = xstrdup(connection->host);
	target->port = connection->port;
	target->is_socket = connection->host_kind == CONFIG_HOST_SOCKET;
	target->needs_no_lookup = connection->host_kind != CONFIG_HOST_NAME;
	SLIST_INSERT_HEAD(targets, target, entry);
	return target;
}

bool
pool_targets_have_other(const struct pool_targets *targets,
    const struct pool_target *than)
{
	const struct pool_target *target;

	SLIST_FOREACH(target, targets, entry)
		if (target != than && target->standing != POOL_STANDING_SUSPECT)
			return true;
	return false;
}

size_t
pool_targets_count(const struct pool_targets *targets)
{
	const struct pool_target *target;
	size_t count = 0;

	SLIST_FOREACH(target, targets, entry)
		count++;
	return count;
}

static void
target_free(struct pool_target *target)
{
	free(target->label);
	free(target->host);
	free(target);
}

void
pool_targets_forget(struct pool_targets *targets,
    const struct config_connection *connections, size_t connection_count,
    const struct config_jump *jump)
{
	struct pool_targets kept = SLIST_HEAD_INITIALIZER(kept);
	struct pool_target *target;

	for (size_t i = 0; i < connection_count; i++) {
		if (connections[i].jump != jump)
			continue;
		target = pool_targets_find(targets, &connections[i]);
		if (target != NULL)
			target->is_needed = true;
	}
	while ((target = SLIST_FIRST(targets)) != NULL) {
		SLIST_REMOVE_HEAD(targets, entry);
		if (target->is_needed)
			SLIST_INSERT_HEAD(&kept, target, entry);
		else
			target_free(target);
	}
	*targets = kept;
}

void
pool_targets_free(struct pool_targets *targets)
{
	struct pool_target *target;

	while ((target = SLIST_FIRST(targets)) != NULL) {
		SLIST_REMOVE_HEAD(targets, entry);
		target_free(target);
	}
}
