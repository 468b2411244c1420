/* SPDX-License-Identifier: PostgreSQL */

/*
 * A link as its files see it: ssh/link.c pumps, ssh/opening.c goes on with the
 * open in its slot, and ssh/loss.c ends it.
 */
#ifndef PGJUMP_SSH_LINK_STATE_H
#define PGJUMP_SSH_LINK_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "ssh/channel_host.h"
#include "ssh/channels.h"
#include "ssh/question.h"
#include "ssh/slot.h"

struct event;
struct stream;

struct ssh_link {
	struct ssh_channel_host host; /* this link owns the transport */
	struct ssh_channels channels;
	struct ssh_slot slot;
	struct ssh_question question;
	struct stream *opened; /* by the forward in the slot */
	bool has_open_failed;  /* by the session, not by the jump box */
	struct event *readable, *writable, *timer;
	uint64_t pumped;   /* ssh_transport_received() at the last pump */
	uint64_t answered; /* ssh_transport_received() at the last flush */
	bool needs_pump;   /* a pump is due even without input */
	bool has_unread;   /* readable since the last pump */
	bool is_retired;
	bool is_behind_another; /* another jump box: an outer link carries it */
	unsigned pings_left;
	int64_t ping_doubt_ms; /* doubt_ms of the pulse during a ping */
};

#endif
