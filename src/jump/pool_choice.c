/* SPDX-License-Identifier: PostgreSQL */

/*
 * Comparisons of links.  Nothing is changed here.
 */
#include "jump/pool_choice.h"

#include "base/clock.h"
#include "jump/pool_member.h"
#include "jump/pool_targets.h"
#include "ssh/link.h"

/* A better link is worth this wait: most dials take no longer. */
#define GROW_WAIT_MS 300
/* A difference in channels that matters for sshd's work for each event. */
#define TILT_MAX 16
/*
 * Slots that a database which does not answer may hold: while one open is
 * stuck, the next still shows whether the database has come back.
 */
#define STUCK_MAX 2
/*
 * The kernel of a jump box tries a database that does not answer again after
 * 1, 2, 4, 8 ... seconds.  The next try of an open this old is too far away for
 * a user who waits.
 */
#define STALE_MS 10000
/*
 * An idle link is retired after this: a crowd that comes back in waves still
 * finds it.
 */
#define SPARE_IDLE_MS 20000

static bool
is_better(const struct pool_member *one, const struct pool_member *other,
    const struct pool_target *target)
{
	enum pool_cost one_cost = pool_member_cost(one, target),
		       other_cost = pool_member_cost(other, target);

	if (one_cost != other_cost)
		return one_cost < other_cost;
	return ssh_link_channels(one->link) < ssh_link_channels(other->link);
}

/* A target that is known to stall its link never joins other targets. */
static bool
may_take(const struct pool_member *member, const struct pool_target *target)
{
	return pool_member_has_slot(member) &&
	    !(target->is_stalling &&
		pool_member_cost(member, target) >= POOL_COST_FOREIGN);
}

struct pool_member *
pool_choice_best(const struct pool_members *members,
    const struct pool_target *target)
{
	struct pool_member *member, *best = NULL;

	TAILQ_FOREACH(member, members, entry)
		if (may_take(member, target) &&
		    (best == NULL || is_better(member, best, target)))
			best = member;
	return best;
}

/* The link is free, or busy only for a moment. */
static bool
is_lively(const struct pool_member *member)
{
	return pool_member_has_room(member) && !ssh_link_is_stuck(member->link);
}

bool
pool_choice_is_tilted(const struct pool_members *members,
    const struct pool_target *target, const struct pool_member *best)
{
	const struct pool_member *member;

	TAILQ_FOREACH(member, members, entry)
		if (is_lively(member) &&
		    ssh_link_channels(member->link) + TILT_MAX <
			ssh_link_channels(best->link) &&
		    pool_member_cost(member, target) <=
			pool_member_cost(best, target))
			return true;
	return false;
}

bool
pool_choice_is_worth_waiting(const struct pool_members *members,
    const struct pool_target *target)
{
	const struct pool_member *member;

	TAILQ_FOREACH(member, members, entry)
		if (is_lively(member) &&
		    pool_member_cost(member, target) == POOL_COST_NONE)
			return true;
	return false;
}

size_t
pool_choice_live_links(const struct pool_members *members)
{
	const struct pool_member *member;
	size_t count = 0;

	TAILQ_FOREACH(member, members, entry)
		if (!ssh_link_is_closed(member->link))
			count++;
	return count;
}

size_t
pool_choice_free_slots(const struct pool_members *members)
{
	const struct pool_member *member;
	size_t count = 0;

	TAILQ_FOREACH(member, members, entry)
		if (pool_member_has_slot(member))
			count++;
	return count;
}

size_t
pool_choice_channels(const struct pool_members *members)
{
	const struct pool_member *member;
	size_t count = 0;

	TAILQ_FOREACH(member, members, entry)
		count += ssh_link_channels(member->link);
	return count;
}

/* Opens of the target in flight, those that nobody waits for included. */
static unsigned
opens_of(const struct pool_members *members, const struct pool_target *target)
{
	const struct pool_member *member;
	unsigned count = 0;

	TAILQ_FOREACH(member, members, entry)
		if (member->target == target)
			count++;
	return count;
}

static bool
are_stale(const struct pool_members *members, const struct pool_target *target)
{
	const struct pool_member *member;

	TAILQ_FOREACH(member, members, entry)
		if (member->target == target &&
		    clock_ms() < member->opened_ms + STALE_MS)
			return false;
	return true;
}

/*
 * An open might freeze the link's other users: the target is a name, and it is
 * not known whether the jump box resolves it at once.  It was never asked for
 * the name, did not answer the last time, or is being asked just now.
 */
static bool
may_freeze(const struct pool_members *members, const struct pool_target *target,
    const struct pool_member *best)
{
	if (target->needs_no_lookup ||
	    pool_member_cost(best, target) < POOL_COST_FOREIGN)
		return false;
	return target->standing != POOL_STANDING_PROMPT ||
	    opens_of(members, target) > 0;
}

bool
pool_choice_is_better_awaited(const struct pool_members *members,
    const struct pool_target *target, const struct pool_member *best,
    int64_t waited_ms, int64_t spare_ms)
{
	return waited_ms < GROW_WAIT_MS ||
	    (spare_ms > 0 && may_freeze(members, target, best));
}

static enum pool_claim
claim_of_suspect(const struct pool_members *members,
    const struct pool_target *target, const struct pool_member *best,
    bool is_last, unsigned opens)
{
	bool is_risk = best != NULL && may_freeze(members, target, best);

	if (opens >= STUCK_MAX && !are_stale(members, target))
		return POOL_CLAIM_DENIED;
	if (!is_last && !is_risk)
		return POOL_CLAIM_GRANTED;
	return opens > 0 ? POOL_CLAIM_DENIED : POOL_CLAIM_RISKED;
}

enum pool_claim
pool_choice_claim(const struct pool_members *members,
    const struct pool_target *target, const struct pool_member *best,
    bool is_scarce)
{
	bool is_last = is_scarce && pool_choice_free_slots(members) <= 1;
	unsigned opens = opens_of(members, target);

	switch (target->standing) {
	case POOL_STANDING_PROMPT:
		break;
	case POOL_STANDING_UNKNOWN:
		return opens > 0 ? POOL_CLAIM_DENIED : POOL_CLAIM_GRANTED;
	case POOL_STANDING_SUSPECT:
		return claim_of_suspect(members, target, best, is_last, opens);
	}
	return POOL_CLAIM_GRANTED;
}

static bool
is_serving_suspect(const struct pool_member *member)
{
	return member->target != NULL &&
	    member->target->standing == POOL_STANDING_SUSPECT;
}

bool
pool_choice_is_blocked(const struct pool_members *members)
{
	const struct pool_member *member;
	bool is_blocked = false;

	TAILQ_FOREACH(member, members, entry) {
		if (!pool_member_has_room(member))
			continue;
		if (!is_serving_suspect(member))
			return false;
		is_blocked = true;
	}
	return is_blocked;
}

struct pool_member *
pool_choice_held_up(const struct pool_members *members)
{
	struct pool_member *member, *worst = NULL;

	TAILQ_FOREACH(member, members, entry)
		if (member->is_held_up && !ssh_link_is_closed(member->link) &&
		    (worst == NULL ||
			ssh_link_channels(member->link) <
			    ssh_link_channels(worst->link)))
			worst = member;
	return worst;
}

struct pool_member *
pool_choice_stale(const struct pool_members *members,
    const struct pool_target *target)
{
	struct pool_member *member, *eldest = NULL;

	if (target->standing != POOL_STANDING_SUSPECT ||
	    !are_stale(members, target))
		return NULL;
	TAILQ_FOREACH(member, members, entry)
		if (member->target == target && member->user == NULL &&
		    !ssh_link_is_closed(member->link) &&
		    ssh_link_channels(member->link) == 0 &&
		    (eldest == NULL || member->opened_ms < eldest->opened_ms))
			eldest = member;
	return eldest;
}

struct pool_member *
pool_choice_in_the_way(const struct pool_members *members,
    const struct pool_target *target)
{
	struct pool_member *member, *least = NULL;

	if (!target->is_stalling || opens_of(members, target) > 0)
		return NULL;
	TAILQ_FOREACH(member, members, entry) {
		if (ssh_link_is_closed(member->link))
			continue;
		if (pool_member_cost(member, target) < POOL_COST_FOREIGN)
			return NULL;
		if (least == NULL ||
		    ssh_link_channels(member->link) <
			ssh_link_channels(least->link))
			least = member;
	}
	return least;
}

/* The number of live links that no target is known to stall. */
static size_t
sound_links(const struct pool_members *members)
{
	const struct pool_member *member;
	size_t count = 0;

	TAILQ_FOREACH(member, members, entry)
		if (!ssh_link_is_closed(member->link) &&
		    !(member->is_held_up && pool_member_is_stalled(member)))
			count++;
	return count;
}

struct pool_member *
pool_choice_spare(const struct pool_members *members)
{
	struct pool_member *member;

	if (sound_links(members) <= 1)
		return NULL;
	TAILQ_FOREACH_REVERSE(member, members, pool_members, entry)
		if (!ssh_link_is_closed(member->link) && member->idle_ms > 0 &&
		    clock_ms() - member->idle_ms >= SPARE_IDLE_MS)
			break;
	return member;
}
