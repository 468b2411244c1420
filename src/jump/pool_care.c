/* SPDX-License-Identifier: PostgreSQL */

/*
 * Links that are stuck are replaced, links that broke or are not needed are
 * freed, databases that are gone are forgotten.
 */
#include "jump/pool_care.h"

#include <stdlib.h>

#include "base/clock.h"
#include "config/config.h"
#include "jump/box.h"
#include "jump/pool_choice.h"
#include "jump/pool_dials.h"
#include "jump/pool_life.h"
#include "jump/transit.h"
#include "ssh/link.h"

/*
 * Minimum time between links that make_room() replaces, so that many databases
 * that do not answer cause no storm of dials.
 */
#define ROOM_INTERVAL_MS 200
/*
 * So many databases more than there are connections may be remembered, before
 * those that no connection leads to any more are looked for.
 */
#define TARGETS_SPARE 64

bool
pool_care_has_share(const struct pool *pool)
{
	return pool_choice_live_links(&pool->members) +
	    pool_dials_count(pool->dials) <
	    jump_box_share(pool->box);
}

void
pool_care_retire_spare(struct pool *pool)
{
	struct pool_member *member;

	while ((member = pool_choice_spare(&pool->members)) != NULL)
		ssh_link_retire(member->link);
}

/*
 * Every slot is taken, and sshd needs minutes to give up an open.  So retire a
 * link that is stuck but alive, and dial a new one.  Its sessions go on.
 */
static void
make_room(struct pool *pool)
{
	struct pool_member *member = pool_choice_held_up(&pool->members);

	if (member == NULL || clock_ms() < pool->room_ms + ROOM_INTERVAL_MS ||
	    !pool_dials_start(pool->dials, false))
		return;
	pool->room_ms = clock_ms();
	ssh_link_retire(member->link);
}

/* While databases do not answer, keep a slot for the others. */
static void
keep_slot(struct pool *pool)
{
	if (!pool_choice_is_blocked(&pool->members) ||
	    !pool_targets_have_other(&pool->targets, NULL) ||
	    pool_dials_count(pool->dials) > 0)
		return;
	if (pool_care_has_share(pool))
		pool_dials_start(pool->dials, false);
	else
		make_room(pool);
}

/*
 * A link is silent, perhaps because of its target: another link must show
 * whether the jump box lives.  In a full pool it replaces the silent one, which
 * can open nothing now.
 */
static void
ask_elsewhere(struct pool *pool)
{
	struct pool_member *alone = pool_life_ask_others(&pool->members);
	bool is_full = !pool_care_has_share(pool);

	if (alone == NULL || pool_dials_count(pool->dials) > 0 ||
	    !pool_dials_start(pool->dials, true))
		return;
	if (is_full)
		ssh_link_retire(alone->link);
}

static void
on_transit_end(void *arg, const struct fault *cause)
{
	struct pool_member *member = arg;

	ssh_link_carrier_ended(member->link, cause);
}

void
pool_care_add_member(struct pool *pool, struct ssh_link *take,
    struct transit *take_transit)
{
	struct pool_member *member = pool_member_new(take);

	TAILQ_INSERT_TAIL(&pool->members, member, entry);
	pool->member_count++;
	if (take_transit == NULL)
		return;
	member->transit = take_transit;
	ssh_link_carry(take, transit_carrier(take_transit));
	transit_watch(take_transit, on_transit_end, member);
}

void
pool_care_free_member(struct pool *pool, struct pool_member *member)
{
	TAILQ_REMOVE(&pool->members, member, entry);
	pool->member_count--;
	ssh_link_free(member->link);
	transit_close(member->transit);
	free(member);
}

static void
tidy(struct pool *pool, struct pool_member *member)
{
	pool_member_tidy(member);
	if (ssh_link_is_lost(member->link) && !member->was_loss_told) {
		member->was_loss_told = true;
		jump_box_lost(pool->box, ssh_link_fault(member->link),
		    clock_ms() - member->born_ms, member->was_used);
	}
	if (ssh_link_is_finished(member->link) && member->user == NULL)
		pool_care_free_member(pool, member);
}

void
pool_care_turn(struct pool *pool)
{
	struct pool_member *member, *next;

	for (member = TAILQ_FIRST(&pool->members); member != NULL;
	     member = next) {
		next = TAILQ_NEXT(member, entry);
		tidy(pool, member);
	}
	ask_elsewhere(pool);
	pool_life_bear(&pool->members);
	if (pool_life_blame_targets(&pool->members))
		pool->suspect_ms = clock_ms();
	keep_slot(pool);
}

void
pool_care_forget_targets(struct pool *pool)
{
	size_t connection_count = pool->cfg->connection_count;
	struct pool_member *member;
	struct pool_target *target;

	if (pool_targets_count(&pool->targets) <=
	    connection_count + TARGETS_SPARE)
		return;
	SLIST_FOREACH(target, &pool->targets, entry)
		target->is_needed = false;
	TAILQ_FOREACH(member, &pool->members, entry)
		pool_member_mark_targets(member);
	pool_targets_forget(&pool->targets, pool->cfg->connections,
	    connection_count, pool->jump);
}
