/* SPDX-License-Identifier: PostgreSQL */

/*
 * The bookkeeping of a link within its pool.  It decides nothing.
 */
#include "jump/pool_member.h"

#include <string.h>

#include "base/clock.h"
#include "base/originator.h"
#include "base/xmalloc.h"
#include "jump/pool_targets.h"
#include "ssh/failure.h"
#include "ssh/link.h"
#include "ssh/slot.h"

struct pool_member *
pool_member_new(struct ssh_link *take)
{
	struct pool_member *member = xcalloc(1, sizeof *member);

	member->link = take;
	member->born_ms = member->idle_ms = clock_ms();
	return member;
}

bool
pool_member_has_room(const struct pool_member *member)
{
	size_t max = member->channels_max > 0 ? member->channels_max
					      : SSH_LINK_CHANNELS_HARD;

	return !ssh_link_is_closed(member->link) &&
	    ssh_link_channels(member->link) < max;
}

bool
pool_member_has_slot(const struct pool_member *member)
{
	return pool_member_has_room(member) && ssh_link_has_slot(member->link);
}

bool
pool_member_mark_full(struct pool_member *member,
    const struct ssh_opened *opened)
{
	if (opened->stream != NULL || opened->has_link_failed ||
	    ssh_failure_of_open(opened->software, opened->reason, opened->words,
		false) != FAIL_FORWARD_LIMIT_PEER)
		return false;
	member->channels_max = ssh_link_channels(member->link);
	return member->channels_max > 0;
}

static bool
is_foreign(const struct pool_member *member, const struct pool_target *target)
{
	if (target->is_stalling)
		return member->is_shared ||
		    (member->first != NULL && member->first != target);
	if (member->first != NULL && member->first->is_stalling)
		return true;
	if (target->needs_no_lookup)
		return member->named != NULL;
	return member->is_numeric ||
	    (member->named != NULL &&
		strcmp(member->named->host, target->host) != 0);
}

enum pool_cost
pool_member_cost(const struct pool_member *member,
    const struct pool_target *target)
{
	static const enum pool_cost costs[2][2] = {
		{ POOL_COST_NONE, POOL_COST_CROWDED },
		{ POOL_COST_FOREIGN, POOL_COST_FOREIGN_CROWDED },
	};
	size_t crowd = target->standing == POOL_STANDING_SUSPECT
	    ? 1
	    : SSH_LINK_CHANNELS_SOFT;
	bool is_crowded = ssh_link_channels(member->link) >= crowd;

	return costs[is_foreign(member, target)][is_crowded];
}

/* The member has this target among others from now on. */
static void
carry(struct pool_member *member, struct pool_target *target)
{
	if (target->needs_no_lookup)
		member->is_numeric = true;
	else
		member->named = target;
	if (member->first == NULL)
		member->first = target;
	else if (member->first != target)
		member->is_shared = true;
	member->was_used = true;
	member->idle_ms = 0;
}

void
pool_member_open(struct pool_member *member, struct pool_target *target,
    const struct originator *originator, int64_t patience_ms, int64_t by_ms,
    void *user)
{
	const struct ssh_target asked = {
		.host = target->is_socket ? target->label : target->host,
		.port = target->port,
		.is_socket = target->is_socket,
		.originator_host = originator->host,
		.originator_port = originator->port,
	};

	carry(member, target);
	member->target = target;
	member->user = user;
	member->is_held_up = false;
	member->opened_ms = clock_ms();
	member->overdue_ms = member->opened_ms +
	    (by_ms - member->opened_ms) / 4;
	member->late_ms = member->opened_ms + patience_ms;
	ssh_link_open(member->link, &asked, member->overdue_ms);
}

bool
pool_member_is_overdue(const struct pool_member *member)
{
	return member->target != NULL && clock_ms() >= member->overdue_ms;
}

bool
pool_member_is_late(const struct pool_member *member)
{
	return member->target != NULL && clock_ms() >= member->late_ms;
}

bool
pool_member_may_stall(const struct pool_member *member)
{
	return !member->target->needs_no_lookup ||
	    ssh_link_may_stall(member->link);
}

bool
pool_member_is_stalled(const struct pool_member *member)
{
	return pool_member_is_overdue(member) &&
	    ssh_link_heard_ms(member->link) < member->overdue_ms &&
	    pool_member_may_stall(member);
}

void
pool_member_blame_target(struct pool_member *member)
{
	member->is_held_up = true;
	if (pool_member_is_stalled(member) && ssh_link_may_stall(member->link))
		member->target->is_stalling = true;
	member->target->standing = POOL_STANDING_SUSPECT;
}

void
pool_member_mark_targets(const struct pool_member *member)
{
	if (member->target != NULL)
		member->target->is_needed = true;
	if (member->first != NULL)
		member->first->is_needed = true;
	if (member->named != NULL)
		member->named->is_needed = true;
}

/* An answer that comes late leaves its target a suspect. */
static void
forget_open(struct pool_member *member)
{
	if (!ssh_link_is_closed(member->link) && !pool_member_is_late(member))
		member->target->standing = POOL_STANDING_PROMPT;
	member->target = NULL;
	member->is_held_up = false;
}

void
pool_member_tidy(struct pool_member *member)
{
	if (member->target != NULL && !ssh_link_is_opening(member->link))
		forget_open(member);
	if (member->target != NULL || ssh_link_channels(member->link) > 0) {
		member->idle_ms = 0;
	} else if (member->idle_ms == 0) {
		member->idle_ms = clock_ms();
		member->named = NULL;
		member->first = NULL;
		member->is_shared = false;
		member->is_numeric = false;
		member->channels_max = 0;
	}
}
