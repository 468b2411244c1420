/* SPDX-License-Identifier: PostgreSQL */

/*
 * A jump box whose resolver hangs is silent on that link only.  So is one that
 * connects in the thread that reads the session.  Where that is possible,
 * another link's sign of life counts, too.
 */
#include "jump/pool_life.h"

#include <sys/queue.h>

#include "jump/pool_member.h"
#include "ssh/link.h"

/* Linux gives up a connect after 127 s: six times asked again (tcp(7)).  Its
 * timers are coarse: 134 s were measured. */
#define CONNECT_MAX_MS 145000

int64_t
pool_life_rtt_us(const struct pool_members *members)
{
	const struct pool_member *member;
	int64_t rtt_us, shortest_us = 0;

	TAILQ_FOREACH(member, members, entry) {
		if (ssh_link_is_closed(member->link))
			continue;
		rtt_us = ssh_link_rtt_us(member->link);
		if (rtt_us > 0 && (shortest_us == 0 || rtt_us < shortest_us))
			shortest_us = rtt_us;
	}
	return shortest_us;
}

int64_t
pool_life_heard_ms(const struct pool_members *members)
{
	const struct pool_member *member;
	int64_t heard_ms = 0;

	TAILQ_FOREACH(member, members, entry)
		if (ssh_link_heard_ms(member->link) > heard_ms)
			heard_ms = ssh_link_heard_ms(member->link);
	return heard_ms;
}

bool
pool_life_is_mute(const struct pool_members *members)
{
	const struct pool_member *member;

	TAILQ_FOREACH(member, members, entry)
		if (!ssh_link_is_closed(member->link) &&
		    !ssh_link_is_mute(member->link))
			return false;
	return true;
}

void
pool_life_ask(const struct pool_members *members, int64_t since_ms)
{
	const struct pool_member *member;

	TAILQ_FOREACH(member, members, entry)
		ssh_link_probe(member->link, since_ms);
}

bool
pool_life_was_heard(const struct pool_members *members,
    const struct pool_member *opener)
{
	const struct pool_member *member;

	if (opener->is_held_up ||
	    ssh_link_heard_ms(opener->link) >= opener->overdue_ms)
		return true;
	if (!pool_member_may_stall(opener))
		return false;
	TAILQ_FOREACH(member, members, entry)
		if (!ssh_link_is_closed(member->link) &&
		    ssh_link_heard_ms(member->link) >= opener->overdue_ms)
			return true;
	return false;
}

/* False: no other link can tell. */
static bool
ask_all_but(const struct pool_members *members,
    const struct pool_member *stalled)
{
	const struct pool_member *other;
	bool has_other = false;

	TAILQ_FOREACH(other, members, entry) {
		if (other == stalled)
			continue;
		ssh_link_probe(other->link, stalled->overdue_ms);
		if (!ssh_link_is_closed(other->link) &&
		    !pool_member_is_stalled(other))
			has_other = true;
	}
	return has_other;
}

struct pool_member *
pool_life_ask_others(const struct pool_members *members)
{
	struct pool_member *member, *alone = NULL;

	TAILQ_FOREACH(member, members, entry)
		if (pool_member_is_stalled(member) &&
		    !ask_all_but(members, member) &&
		    (alone == NULL || ssh_link_is_closed(alone->link)))
			alone = member;
	return alone;
}

/* When another link last heard the jump box; 0: there is no other. */
static int64_t
heard_elsewhere_ms(const struct pool_members *members,
    const struct pool_member *stalled)
{
	const struct pool_member *member;
	int64_t heard_ms = 0;

	TAILQ_FOREACH(member, members, entry)
		if (member != stalled &&
		    ssh_link_heard_ms(member->link) > heard_ms)
			heard_ms = ssh_link_heard_ms(member->link);
	return heard_ms;
}

void
pool_life_bear(const struct pool_members *members)
{
	const struct pool_member *member;
	int64_t heard_ms;

	TAILQ_FOREACH(member, members, entry) {
		if (!pool_member_is_stalled(member))
			continue;
		heard_ms = heard_elsewhere_ms(members, member);
		if (heard_ms >= member->overdue_ms)
			ssh_link_bear(member->link, heard_ms,
			    member->opened_ms + CONNECT_MAX_MS);
	}
}

bool
pool_life_blame_targets(struct pool_members *members)
{
	struct pool_member *member;
	bool has_blamed = false;

	TAILQ_FOREACH(member, members, entry) {
		if (member->is_held_up || !pool_member_is_late(member) ||
		    !pool_life_was_heard(members, member))
			continue;
		pool_member_blame_target(member);
		has_blamed = true;
	}
	return has_blamed;
}
