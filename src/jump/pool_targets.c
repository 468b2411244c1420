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
		if (strcmp(target->connection->label, connection->label) == 0)
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
	target->connection = connection;
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

void
pool_targets_free(struct pool_targets *targets)
{
	struct pool_target *target;

	while ((target = SLIST_FIRST(targets)) != NULL) {
		SLIST_REMOVE_HEAD(targets, entry);
		free(target);
	}
}
