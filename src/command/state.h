/* SPDX-License-Identifier: PostgreSQL */

/*
 * What the workers of a running pgjump know and nobody else: a plain value of
 * each, which can be added up.  What is shared between them is asked where it
 * is kept: gate_look(), jump_box_look().
 */
#ifndef PGJUMP_COMMAND_STATE_H
#define PGJUMP_COMMAND_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "jump/jump.h"

struct state {
	size_t jump_count, connection_count;
	struct jump_state *jumps; /* by jump box, then the direct one */
	size_t *waiting; /* clients that wait for a database, by connection */
};

/* Of nothing; `jump_count` counts the direct one, too. */
struct state *state_new(size_t jump_count, size_t connection_count);
void state_free(struct state *); /* NULL is fine */

/* Add what another worker knows, which is of the same configuration. */
void state_add(struct state *sum, const struct state *part);

#endif
