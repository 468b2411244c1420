/* SPDX-License-Identifier: PostgreSQL */

/*
 * Links compared: pure questions, nothing is changed.
 */
#include "pool_choice.h"

#include <string.h>

#include "config.h"
#include "pool_member.h"
#include "ssh_link.h"

static bool
is_better(const struct pool_member *one, const struct pool_member *other,
    const char *host)
{
	int one_cost = pool_member_cost(one, host),
	    other_cost = pool_member_cost(other, host);

	if (one_cost != other_cost)
		return one_cost < other_cost;
	return ssh_link_channels(one->link) < ssh_link_channels(other->link);
}

struct pool_member *
pool_choose(const struct pool_members *members, const char *host)
{
	struct pool_member *member, *best = NULL;

	TAILQ_FOREACH(member, members, entry)
		if (ssh_link_has_slot(member->link) &&
		    (best == NULL || is_better(member, best, host)))
			best = member;
	return best;
}

bool
pool_is_worth_waiting(const struct pool_members *members, const char *host)
{
	const struct pool_member *member;

	TAILQ_FOREACH(member, members, entry)
		if (!ssh_link_is_closed(member->link) &&
		    !ssh_link_is_stuck(member->link) &&
		    pool_member_cost(member, host) == 0)
			return true;
	return false;
}

struct pool_opens
pool_opens_of(const struct pool_members *members,
    const struct config_connection *connection)
{
	struct pool_opens opens = { 0 };
	const struct pool_member *member;

	TAILQ_FOREACH(member, members, entry) {
		if (member->target == NULL ||
		    strcmp(member->target->label, connection->label) != 0)
			continue;
		opens.count++;
		if (pool_member_is_overdue(member))
			opens.overdue++;
	}
	return opens;
}

size_t
pool_free_slots(const struct pool_members *members)
{
	const struct pool_member *member;
	size_t count = 0;

	TAILQ_FOREACH(member, members, entry)
		if (ssh_link_has_slot(member->link))
			count++;
	return count;
}

/* The target is to blame, not the link: that one was heard since. */
static bool
is_held_up(const struct pool_member *member)
{
	return !ssh_link_is_closed(member->link) &&
	    pool_member_is_overdue(member) &&
	    ssh_link_heard_ms(member->link) >= member->overdue_ms;
}

struct pool_member *
pool_worst(const struct pool_members *members)
{
	struct pool_member *member, *worst = NULL;

	TAILQ_FOREACH(member, members, entry)
		if (is_held_up(member) &&
		    (worst == NULL ||
			ssh_link_channels(member->link) <
			    ssh_link_channels(worst->link)))
			worst = member;
	return worst;
}
