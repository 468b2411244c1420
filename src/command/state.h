/* SPDX-License-Identifier: PostgreSQL */

/*
 * What only the workers of a running pgjump know: a plain value for each, to be
 * added up.  What they share is asked of its owner: gate_look(),
 * jump_box_look().
 */
#ifndef PGJUMP_COMMAND_STATE_H
#define PGJUMP_COMMAND_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "jump/jump.h"

struct state {
	size_t jump_count, connection_count;
	/* By jump box; the last is for direct connections. */
	struct jump_state *jumps;
	size_t *waiting; /* clients that wait for a database, by connection */
};

/* All zeros.  `jump_count` includes the one for direct connections. */
struct state *state_new(size_t jump_count, size_t connection_count);
void state_free(struct state *); /* NULL is fine */

/* Add what another worker of the same configuration knows. */
void state_add(struct state *sum, const struct state *part);

#endif
