/* SPDX-License-Identifier: PostgreSQL */

/*
 * What becomes of an open when its answer comes: a stream, a zombie, or the end
 * of a link whose session is no longer sound.
 */
#include "ssh/opening.h"

#include <event2/event.h>

#include "base/clock.h"
#include "base/stream.h"
#include "ssh/channels.h"
#include "ssh/facts.h"
#include "ssh/link_state.h"
#include "ssh/loss.h"
#include "ssh/question.h"
#include "ssh/slot.h"
#include "ssh/transport.h"

/* Close a channel again if its user no longer waits for it. */
static void
add_channel(struct ssh_link *link, LIBSSH2_CHANNEL *channel)
{
	if (link->slot.use == SSH_SLOT_FORWARD)
		link->opened = ssh_channels_add(&link->channels, channel,
		    &link->host);
	else if (link->slot.use != SSH_SLOT_PING ||
	    !ssh_question_keep(&link->question, channel))
		ssh_channels_add_zombie(&link->channels, channel, &link->host);
}

static void
end_open(struct ssh_link *link)
{
	link->slot.use = link->slot.use == SSH_SLOT_FORWARD ? SSH_SLOT_DONE
							    : SSH_SLOT_FREE;
	link->needs_pump = true;
}

void
ssh_opening_step(struct ssh_link *link)
{
	LIBSSH2_CHANNEL *channel;
	enum ssh_slot_answer answer = ssh_slot_step(&link->slot,
	    link->host.transport, &channel);

	if (answer == SSH_SLOT_PENDING)
		return;
	if (answer == SSH_SLOT_OPENED)
		add_channel(link, channel);
	if (answer == SSH_SLOT_TROUBLE) {
		link->has_open_failed = true;
		if (ssh_facts_is_over(link->host.transport))
			ssh_loss_end_session(link);
		ssh_loss_retire(link);
	} else {
		ssh_channels_measured(&link->host, link->slot.elapsed_us);
	}
	end_open(link);
}

void
ssh_opening_arm_timer(struct ssh_link *link)
{
	int64_t now_ms = clock_ms();
	int64_t next_ms = ssh_pulse_next_ms(&link->host.pulse, now_ms,
	    ssh_transport_received_ms(link->host.transport),
	    ssh_slot_since_ms(&link->slot));
	struct timeval wait = clock_timeval(next_ms - now_ms);

	event_add(link->timer, &wait);
}

void
ssh_opening_start(struct ssh_link *link)
{
	link->opened = NULL;
	link->has_open_failed = false;
	ssh_opening_step(link);
	event_active(link->host.turn, EV_TIMEOUT, 0);
	if (!link->host.is_lost)
		ssh_opening_arm_timer(link);
}
