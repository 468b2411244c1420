/* SPDX-License-Identifier: PostgreSQL */

/*
 * A silence counts against the database only where the tunnel was heard
 * meanwhile, and only where there was time for an answer.
 */
#include "jump/blame.h"

#include <stdbool.h>

#include "base/clock.h"
#include "config/config.h"
#include "jump/fault.h"
#include "jump/pool.h"

/* The tunnel lives, but the request waited: for its database, or for a slot. */
static void
blame_queue(struct fault *fault, struct pool *pool,
    const struct jump_wait *wait)
{
	int64_t waited_ms = clock_ms() - wait->asked_ms;

	if (pool_heard_ms(pool) > wait->asked_ms &&
	    pool_is_suspect(pool, wait->connection))
		jump_fault_behind(fault, wait->connection->jump->label,
		    waited_ms);
	else
		jump_fault_busy(fault, waited_ms, pool_links(pool));
}

void
jump_blame_waiting(struct fault *fault, struct pool *pool,
    const struct jump_wait *wait)
{
	int64_t heard_ms = pool_heard_ms(pool);

	if (!pool_is_up(pool))
		pool_cause(pool, fault);
	else if (heard_ms <= wait->asked_ms && pool_is_mute(pool))
		jump_fault_silent(fault, pool_silent(pool, wait->asked_ms),
		    clock_ms() - heard_ms);
	else
		blame_queue(fault, pool, wait);
}

/* The open started so late that a missing answer proves nothing. */
static bool
was_late(const struct jump_wait *wait)
{
	int64_t open_ms = clock_ms() - wait->opened_ms;

	return open_ms < wait->open_timeout_ms / 4 &&
	    open_ms < wait->opened_ms - wait->asked_ms;
}

void
jump_blame_opening(struct fault *fault, struct pool *pool,
    const struct jump_wait *wait, void *user)
{
	const struct pool_silence silence = pool_abandon(pool, user);

	if (was_late(wait))
		blame_queue(fault, pool, wait);
	else if (silence.was_heard)
		jump_fault_unanswered(fault, wait->connection->jump->label,
		    clock_ms() - wait->opened_ms, silence.is_stalled);
	else
		jump_fault_silent(fault, silence.silent, silence.silent_ms);
}
