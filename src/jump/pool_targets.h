/* SPDX-License-Identifier: PostgreSQL */

/*
 * The databases that a pool was asked for, and whether each of them answers.
 */
#ifndef PGJUMP_JUMP_POOL_TARGETS_H
#define PGJUMP_JUMP_POOL_TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

struct config_connection;
struct config_jump;

enum pool_standing {
	POOL_STANDING_UNKNOWN, /* no open has ended yet */
	/* The last open was answered in time, by a stream or a refusal. */
	POOL_STANDING_PROMPT,
	/* The last open was not, although the jump box was alive. */
	POOL_STANDING_SUSPECT,
};

struct pool_target {
	SLIST_ENTRY(pool_target) entry;
	char *label; /* "10.0.2.45:5432", or the path of a socket */
	char *host;
	unsigned port;
	bool is_socket;
	bool needs_no_lookup; /* it is an address or a socket, not a name */
	/*
	 * While the jump box connects to it, nothing else on that session is
	 * answered, so it gets links of its own.
	 */
	bool is_stalling;
	enum pool_standing standing;
	bool is_needed; /* for pool_targets_forget() */
};

SLIST_HEAD(pool_targets, pool_target);

/* The database of a connection; NULL: the pool was never asked for it. */
struct pool_target *pool_targets_find(const struct pool_targets *,
    const struct config_connection *);

/* The same, made where it is new. */
struct pool_target *pool_targets_get(struct pool_targets *,
    const struct config_connection *);

/* Whether any target other than `than` is not a suspect; NULL: any at all. */
bool pool_targets_have_other(const struct pool_targets *,
    const struct pool_target *than);

size_t pool_targets_count(const struct pool_targets *);

/*
 * Forget the targets of which is_needed is false, which the caller sets where
 * a target is in use, and to which no connection leads through this jump box.
 */
void pool_targets_forget(struct pool_targets *,
    const struct config_connection *, size_t connection_count,
    const struct config_jump *);

void pool_targets_free(struct pool_targets *);

#endif
