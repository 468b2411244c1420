/* SPDX-License-Identifier: PostgreSQL */

/*
 * The dials that a pool has in flight.  Each one that ends is reported to the
 * jump box's shared record, then to the pool.
 */
#ifndef PGJUMP_JUMP_POOL_DIALS_H
#define PGJUMP_JUMP_POOL_DIALS_H

#include <stddef.h>

struct config;
struct jump_box;
struct mailbox;
struct pool_dials;
struct ssh_transport;

/* All but `arg` borrowed until pool_dials_close(). */
struct pool_dials_setup {
	struct config *cfg;
	struct jump_box *box;
	struct mailbox *mailbox;
	/* A dial has ended; takes the session, NULL where it failed. */
	void (*on_dialled)(void *arg, struct ssh_transport *take);
	void *arg;
};

struct pool_dials *pool_dials_open(const struct pool_dials_setup *);

/* Waits for the dialers, which give up at once. */
void pool_dials_close(struct pool_dials *);

/* Start one; jump_box_ask() has permitted it. */
void pool_dials_start(struct pool_dials *);

size_t pool_dials_count(const struct pool_dials *);

#endif
