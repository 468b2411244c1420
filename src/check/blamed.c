/* SPDX-License-Identifier: PostgreSQL */

/*
 * Hops are counted from 1; 0 means that no hop is in question.
 */
#include "check/blamed.h"

#include "check/state.h"
#include "config/config.h"
#include "config/hops.h"

static unsigned
hop_of(const struct check_state *state)
{
	return state->fault.hop > 0 ? state->fault.hop : state->hop;
}

const struct config_jump *
check_blamed_jump(const struct check_state *state)
{
	const struct config_jump *jump = state->task->connection->jump;

	return hop_of(state) > 0 ? config_hops_at(jump, hop_of(state)) : jump;
}

bool
check_blamed_is_outer(const struct check_state *state)
{
	return check_blamed_jump(state) != state->task->connection->jump;
}

const char *
check_blamed_target(const struct check_state *state)
{
	const struct config_connection *connection = state->task->connection;

	return check_blamed_is_outer(state)
	    ? config_hops_at(connection->jump, hop_of(state) + 1)->label
	    : connection->label;
}
