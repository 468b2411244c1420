/* SPDX-License-Identifier: PostgreSQL */

/*
 * The dials of a pool: started when the jump box's shared record permits one,
 * retried when it says so, and reported to it when they end.  Whether one more
 * link is wanted is the pool's decision.
 */
#ifndef PGJUMP_JUMP_POOL_DIALS_H
#define PGJUMP_JUMP_POOL_DIALS_H

#include <stdbool.h>
#include <stddef.h>

struct config;
struct config_jump;
struct event_base;
struct fault;
struct jump_box;
struct jump_way;
struct mailbox;
struct pool_dials;
struct ssh_transport;
struct transit;

/* All but `arg` borrowed until pool_dials_close(). */
struct pool_dials_setup {
	struct event_base *base;
	struct config *cfg;
	const struct config_jump *jump; /* in that configuration */
	struct jump_box *box;
	struct mailbox *mailbox;
	const struct jump_way *way; /* NULL: reached from this machine */
	/*
	 * A dial has ended; takes the session, NULL where it failed, and what
	 * carries it, NULL without `way`.
	 */
	void (*on_dialled)(void *arg, struct ssh_transport *take,
	    struct transit *take_transit);
	/* A dial that was not permitted before may be permitted now. */
	void (*on_chance)(void *arg);
	void *arg;
};

struct pool_dials *pool_dials_open(const struct pool_dials_setup *);

/* Waits for the dialers, which give up at once. */
void pool_dials_close(struct pool_dials *);

/* Make later dials follow another configuration. */
void pool_dials_renew(struct pool_dials *, struct config *,
    const struct config_jump *);

/* Make the dials in flight give up, and arrange for no other. */
void pool_dials_cancel(struct pool_dials *);

/*
 * Start a dial, or arrange for on_chance() when that will be permitted.  True:
 * one was started, or other workers have enough of them in flight.
 * `has_client`: as in jump_box_ask().  Without a client, nothing is dialled
 * through an outer jump box that is down: that would only ask it more often
 * than its own backoff does.
 */
bool pool_dials_start(struct pool_dials *, bool has_client);

/* What a dial waits for, if it waits for the outer jump box. */
void pool_dials_blame(const struct pool_dials *, struct fault *);

size_t pool_dials_count(const struct pool_dials *);

#endif
