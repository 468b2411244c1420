/* SPDX-License-Identifier: PostgreSQL */

/*
 * Signs of life counted over the links of a pool.  A jump box whose resolver
 * hangs is mute on that link alone, so for a target given by name another
 * link's sign of life counts too.
 */
#include "pool_life.h"

#include <sys/queue.h>

#include "pool_member.h"
#include "pool_target.h"
#include "ssh_link.h"

void
pool_life_look(const struct pool_members *members, struct pool_state *out)
{
	const struct pool_member *member;
	int64_t rtt_us;

	*out = (struct pool_state){ .links = 0 };
	TAILQ_FOREACH(member, members, entry) {
		rtt_us = ssh_link_rtt_us(member->link);
		out->channels += ssh_link_channels(member->link);
		if (ssh_link_is_closed(member->link))
			continue;
		out->links++;
		if (rtt_us > 0 && (out->rtt_us == 0 || rtt_us < out->rtt_us))
			out->rtt_us = rtt_us;
	}
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

	if (ssh_link_heard_ms(opener->link) >= opener->overdue_ms)
		return true;
	if (opener->target->is_address)
		return false;
	TAILQ_FOREACH(member, members, entry)
		if (!ssh_link_is_closed(member->link) &&
		    ssh_link_heard_ms(member->link) >= opener->overdue_ms)
			return true;
	return false;
}

bool
pool_life_ask_others(const struct pool_members *members)
{
	const struct pool_member *stalled, *other;
	bool is_alone = false;

	TAILQ_FOREACH(stalled, members, entry) {
		if (!pool_member_is_overdue(stalled) ||
		    stalled->target->is_address)
			continue;
		is_alone = true;
		TAILQ_FOREACH(other, members, entry) {
			if (other == stalled)
				continue;
			is_alone = false;
			ssh_link_probe(other->link, stalled->overdue_ms);
		}
	}
	return !is_alone;
}

bool
pool_life_blame_targets(struct pool_members *members)
{
	struct pool_member *member;
	bool found = false;

	TAILQ_FOREACH(member, members, entry) {
		if (member->is_held_up || !pool_member_is_late(member) ||
		    !pool_life_was_heard(members, member))
			continue;
		pool_member_blame_target(member);
		found = true;
	}
	return found;
}
