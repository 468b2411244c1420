/* SPDX-License-Identifier: PostgreSQL */

/*
 * The databases that a pool was asked for, and what is remembered of each:
 * whether it answers.
 */
#ifndef PGJUMP_JUMP_POOL_TARGETS_H
#define PGJUMP_JUMP_POOL_TARGETS_H

#include <stdbool.h>
#include <sys/queue.h>

struct config_connection;

enum pool_standing {
	POOL_STANDING_UNKNOWN, /* not one open has ended yet */
	POOL_STANDING_PROMPT,  /* the last open was answered in time, by a
				* stream or by a refusal */
	POOL_STANDING_SUSPECT, /* was not, while the tunnel was alive */
};

struct pool_target {
	SLIST_ENTRY(pool_target) entry;
	/* One of those that lead to it; borrowed. */
	const struct config_connection *connection;
	bool needs_no_lookup; /* needs no look-up on the jump box */
	/* While the jump box connects to it, nobody else on that session is
	 * answered: an open is on a link of its own. */
	bool is_stalling;
	enum pool_standing standing;
};

SLIST_HEAD(pool_targets, pool_target);

/* The database of a connection; NULL: the pool was never asked for it. */
struct pool_target *pool_targets_find(const struct pool_targets *,
    const struct config_connection *);

/* The same, made where it is new. */
struct pool_target *pool_targets_get(struct pool_targets *,
    const struct config_connection *);

/* There is another one than this, and no suspect; NULL: than none. */
bool pool_targets_have_other(const struct pool_targets *,
    const struct pool_target *than);

void pool_targets_free(struct pool_targets *);

#endif
