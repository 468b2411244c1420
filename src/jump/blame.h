/* SPDX-License-Identifier: PostgreSQL */

/*
 * The fault of a request whose time ran out: the tunnel, the database, or a
 * queue that was too long.
 */
#ifndef PGJUMP_JUMP_BLAME_H
#define PGJUMP_JUMP_BLAME_H

#include <stdint.h>

struct config_connection;
struct fault;
struct pool;

/* What a request waited for, and since when (base/clock.h). */
struct jump_wait {
	const struct config_connection *connection;
	int64_t asked_ms, opened_ms;
	int64_t open_timeout_ms; /* the setting: the limit of every open */
};

/* The request has had no turn. */
void jump_blame_waiting(struct fault *, struct pool *,
    const struct jump_wait *);

/* The forward is not answered: abandon the open of `user`. */
void jump_blame_opening(struct fault *, struct pool *, const struct jump_wait *,
    void *user);

#endif
