/* SPDX-License-Identifier: PostgreSQL */

/*
 * Who is to blame for a request whose time ran out: the tunnel, the database,
 * or a queue that was too long.
 */
#ifndef PGJUMP_JUMP_BLAME_H
#define PGJUMP_JUMP_BLAME_H

#include <stdint.h>

struct config_connection;
struct fault;
struct pool;

/* Its times (base/clock.h). */
struct jump_wait {
	const struct config_connection *connection;
	int64_t asked_ms, opened_ms;
	int64_t open_timeout_ms; /* of every open */
};

/* Its turn has not come. */
void jump_blame_waiting(struct fault *, struct pool *,
    const struct jump_wait *);

/* The forward is unanswered: `user` gives its open up. */
void jump_blame_opening(struct fault *, struct pool *, const struct jump_wait *,
    void *user);

#endif
