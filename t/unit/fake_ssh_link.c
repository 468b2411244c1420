/* SPDX-License-Identifier: PostgreSQL */

#include "fake_ssh_link.h"

#include "ssh_slot.h"

bool
ssh_link_is_closed(const struct ssh_link *link)
{
	return link->is_closed;
}

bool
ssh_link_is_stuck(const struct ssh_link *link)
{
	return link->is_stuck;
}

bool
ssh_link_is_opening(const struct ssh_link *link)
{
	return link->is_opening;
}

bool
ssh_link_is_mute(const struct ssh_link *link)
{
	return link->is_mute;
}

bool
ssh_link_has_slot(const struct ssh_link *link)
{
	return !link->is_closed && !link->is_opening &&
	    link->channels < SSH_LINK_CHANNELS_HARD;
}

size_t
ssh_link_channels(const struct ssh_link *link)
{
	return link->channels;
}

int64_t
ssh_link_heard_ms(const struct ssh_link *link)
{
	return link->heard_ms;
}

void
ssh_link_open(struct ssh_link *link, const struct ssh_target *target,
    int64_t overdue_ms)
{
	(void)target, (void)overdue_ms;
	link->is_opening = true;
}

void
ssh_link_probe(struct ssh_link *link, int64_t since_ms)
{
	link->probed_ms = since_ms;
}
