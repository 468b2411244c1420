/* SPDX-License-Identifier: PostgreSQL */

/*
 * Each hop is dialled through the one before it, and shown on the board.
 */
#include "check/approach.h"

#include <stdio.h>
#include <string.h>

#include "check/board.h"
#include "check/dial.h"
#include "check/hop.h"
#include "check/key.h"
#include "check/route.h"
#include "check/state.h"
#include "config/config.h"
#include "config/hops.h"

/* A single key is described in full. */
static void
describe_login(const struct check_state *state, const struct config_jump *jump,
    char *buf, size_t size)
{
	char text[FAULT_WORDS_MAX - 4];

	if (jump->auth_methods.count == 1 && state->keys.count == 1) {
		check_key_describe(&state->keys.list[0], text, sizeof text);
		snprintf(buf, size, "key %s", text);
	} else {
		check_key_order(jump, &state->keys, buf, size);
	}
}

enum failure
check_approach_read_keys(struct check_state *state, char *logins, size_t size)
{
	const struct config_jump *last = state->task->connection->jump;
	unsigned hops = config_hops_count(last);
	size_t used = 0;

	for (state->hop = 1; state->hop <= hops; state->hop++) {
		const struct config_jump *jump = config_hops_at(last,
		    state->hop);
		char login[FAULT_WORDS_MAX], number[20] = "";

		if (check_key_read(jump, &state->keys, &state->fault) !=
		    FAIL_NONE)
			return state->fault.code;
		describe_login(state, jump, login, sizeof login);
		if (hops > 1)
			snprintf(number, sizeof number,
			    "%shop %u: ", used > 0 ? "; " : "", state->hop);
		if (used < size)
			used += (size_t)snprintf(logins + used, size - used,
			    "%s%s", number, login);
	}
	state->hop = 0;
	return FAIL_NONE;
}

/* Dial the hop in progress, the last one by the route itself. */
static enum failure
dial_hop(struct check_state *state, const struct config_jump *last)
{
	unsigned hop = state->hop;
	struct check_carrier *outer = hop > 1
	    ? check_hop_carrier(state->approach->hops[hop - 2])
	    : NULL;

	if (hop == config_hops_count(last)) {
		check_route_put_behind(state->route, outer);
		return check_route_dial(state->route, &state->reported,
		    &state->fault);
	}
	state->approach->hops[hop - 1] = check_hop_new(state->task,
	    config_hops_at(last, hop + 1), outer);
	return check_hop_dial(state->approach->hops[hop - 1], &state->reported,
	    &state->fault);
}

enum failure
check_approach_go(struct check_state *state)
{
	const struct config_jump *last = state->task->connection->jump;

	for (state->hop = 1; state->hop <= config_hops_count(last);
	     state->hop++) {
		check_board_hop(state->board, state->hop);
		memset(&state->facts, 0, sizeof state->facts);
		if (check_key_read(config_hops_at(last, state->hop),
			&state->keys, &state->fault) != FAIL_NONE ||
		    dial_hop(state, last) != FAIL_NONE)
			return state->fault.code;
		check_dial_end(state);
		state->fault = (struct fault){ 0 };
	}
	state->hop = 0;
	return FAIL_NONE;
}

/* The inner hops go first: they use the outer ones. */
void
check_approach_end(struct check_approach *approach)
{
	for (size_t i = CONFIG_HOPS_MAX - 1; i-- > 0;)
		check_hop_free(approach->hops[i]);
}
