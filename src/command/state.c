/* SPDX-License-Identifier: PostgreSQL */

/*
 * Sums of what workers know.
 */
#include "command/state.h"

#include <assert.h>
#include <stdlib.h>

#include "base/xmalloc.h"

struct state *
state_new(size_t jump_count, size_t connection_count)
{
	struct state *state = xcalloc(1, sizeof *state);

	state->jump_count = jump_count;
	state->connection_count = connection_count;
	state->jumps = xcalloc(jump_count, sizeof *state->jumps);
	state->waiting = xcalloc(connection_count, sizeof *state->waiting);
	return state;
}

void
state_free(struct state *state)
{
	if (state == NULL)
		return;
	free(state->jumps);
	free(state->waiting);
	free(state);
}

static void
add_jump(struct jump_state *sum, const struct jump_state *part)
{
	sum->links += part->links;
	sum->channels += part->channels;
	if (part->rtt_us > 0 &&
	    (sum->rtt_us == 0 || part->rtt_us < sum->rtt_us))
		sum->rtt_us = part->rtt_us;
}

void
state_add(struct state *sum, const struct state *part)
{
	assert(sum->jump_count == part->jump_count);
	assert(sum->connection_count == part->connection_count);
	for (size_t i = 0; i < sum->jump_count; i++)
		add_jump(&sum->jumps[i], &part->jumps[i]);
	for (size_t i = 0; i < sum->connection_count; i++)
		sum->waiting[i] += part->waiting[i];
}
