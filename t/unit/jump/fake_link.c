/* SPDX-License-Identifier: PostgreSQL */

#include "fake_link.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/fault.h"
#include "ssh/slot.h"

struct ssh_link *fake_links[16];
size_t fake_link_count;

struct ssh_link *
ssh_link_new(struct event_base *base, const struct config *cfg,
    const struct config_jump *jump, struct ssh_transport *take)
{
	struct ssh_link *link = calloc(1, sizeof *link);

	(void)base, (void)cfg, (void)jump, (void)take;
	link->heard_ms = clock_ms();
	fake_links[fake_link_count++] = link;
	return link;
}

void
ssh_link_free(struct ssh_link *link)
{
	free(link);
}

int64_t
ssh_link_rtt_us(const struct ssh_link *link)
{
	(void)link;
	return 0;
}

void
ssh_link_pump(struct ssh_link *link)
{
	(void)link;
}

void
ssh_link_flush(struct ssh_link *link)
{
	(void)link;
}

void
ssh_link_measure(struct ssh_link *link)
{
	(void)link;
}

void
ssh_link_retire(struct ssh_link *link)
{
	link->is_closed = true;
}

void
ssh_link_abandon(struct ssh_link *link)
{
	(void)link;
}

void
ssh_link_carry(struct ssh_link *link, struct stream *carrier)
{
	(void)link, (void)carrier;
}

void
ssh_link_carrier_ended(struct ssh_link *link, const struct fault *cause)
{
	(void)link, (void)cause;
}

const struct fault *
ssh_link_fault(const struct ssh_link *link)
{
	static const struct fault nothing;

	(void)link;
	return &nothing;
}

const struct fault *
ssh_link_silent(const struct ssh_link *link, int64_t since_ms)
{
	(void)since_ms;
	return ssh_link_fault(link);
}

bool
ssh_link_is_lost(const struct ssh_link *link)
{
	(void)link;
	return false;
}

bool
ssh_link_is_finished(const struct ssh_link *link)
{
	return link->is_closed && link->channels == 0 && !link->is_answered;
}

bool
ssh_link_take_opened(struct ssh_link *link, struct ssh_opened *out)
{
	if (!link->is_answered)
		return false;
	link->is_answered = false;
	*out = link->opened;
	return true;
}

static void
answer(struct ssh_link *link)
{
	link->is_answered = true;
	link->is_opening = false;
	link->heard_ms = clock_ms();
}

void
fake_link_accept(struct ssh_link *link, struct stream *stream)
{
	link->opened = (struct ssh_opened){ .stream = stream };
	link->channels++;
	answer(link);
}

void
fake_link_refuse(struct ssh_link *link, unsigned reason, const char *words)
{
	link->opened = (struct ssh_opened){ .reason = reason };
	snprintf(link->opened.words, sizeof link->opened.words, "%s", words);
	answer(link);
}

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
ssh_link_may_stall(const struct ssh_link *link)
{
	return link->may_stall;
}

void
ssh_link_bear(struct ssh_link *link, int64_t heard_ms, int64_t until_ms)
{
	(void)heard_ms;
	link->bear_ms = until_ms;
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
