/* SPDX-License-Identifier: PostgreSQL */

/*
 * The pump of one SSH session.  In each turn with input it drives libssh2's
 * transport until the socket is dry or the turn's budget is spent, pumps every
 * channel, and repeats while that brought more input; then it flushes once.
 * Only input unblocks libssh2, so whatever was blocked is retried after any
 * input.
 *
 * To ask for a sign of life, the link opens a channel of a type that no server
 * knows: the refusal is the answer and leaves nothing behind.  While the slot
 * is taken, and with a jump box that has confirmed such a channel,
 * ssh/question.h asks in other ways.
 */
#include "ssh/link.h"

#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/loop.h"
#include "base/stream.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/hops.h"
#include "ssh/carrier.h"
#include "ssh/channels.h"
#include "ssh/facts.h"
#include "ssh/failure.h"
#include "ssh/link_state.h"
#include "ssh/loss.h"
#include "ssh/opening.h"
#include "ssh/question.h"
#include "ssh/slot.h"
#include "ssh/tcp.h"
#include "ssh/transport.h"

/* Bytes read from one jump box before other links have their turn. */
#define TURN_BUDGET ((size_t)256 << 10)

/* The shortest of a few round trips is close to the true one. */
#define PINGS_AT_START 3

void
ssh_link_retire(struct ssh_link *link)
{
	ssh_loss_retire(link);
}

int64_t
ssh_link_heard_ms(const struct ssh_link *link)
{
	return ssh_transport_received_ms(link->host.transport);
}

static void
ping(struct ssh_link *link)
{
	ssh_pulse_asked(&link->host.pulse, clock_ms(), ssh_link_heard_ms(link));
	link->host.pulse.doubt_ms = link->ping_doubt_ms;
	ssh_slot_ping(&link->slot);
	ssh_opening_start(link);
}

/* During a key exchange nothing is sent, so nothing counts as asked. */
static void
ask_for_life(struct ssh_link *link)
{
	ssh_carrier_ask(&link->host);
	if (link->slot.use == SSH_SLOT_FREE && link->question.channel == NULL) {
		ping(link);
		return;
	}
	if (ssh_question_ask(&link->question))
		ssh_pulse_asked(&link->host.pulse, clock_ms(),
		    ssh_link_heard_ms(link));
	event_active(link->host.turn, EV_TIMEOUT, 0);
}

void
ssh_link_probe(struct ssh_link *link, int64_t since_ms)
{
	if (!link->host.is_lost && ssh_link_heard_ms(link) < since_ms &&
	    link->host.pulse.asked_ms < since_ms)
		ask_for_life(link);
}

/*
 * No outer jump box is silent as well: one that is will be given up itself, and
 * this link with it.
 */
static bool
is_alone_silent(const struct ssh_link *link)
{
	return ssh_link_silent(link, link->host.pulse.unanswered_ms) ==
	    &link->host.fault;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct ssh_link *link = arg;
	enum ssh_pulse_verdict verdict = ssh_pulse_look(&link->host.pulse,
	    clock_ms(), ssh_link_heard_ms(link),
	    ssh_slot_since_ms(&link->slot));

	(void)fd, (void)what;
	if (verdict == SSH_PULSE_DEAD && is_alone_silent(link))
		ssh_loss_end(link, FAIL_TUNNEL_SILENT,
		    clock_text(clock_ms() - ssh_link_heard_ms(link)).text);
	else if (verdict == SSH_PULSE_ASK)
		ask_for_life(link);
	if (!link->host.is_lost)
		ssh_opening_arm_timer(link);
}

/* Read the socket dry: by the open in flight, by any channel, or by a ping. */
static void
drive(struct ssh_link *link)
{
	bool was_driven = ssh_slot_is_taken(&link->slot);
	LIBSSH2_CHANNEL *any;
	char nothing[1];
	ssize_t rc;

	if (was_driven)
		ssh_opening_step(link);
	ssh_channels_measured(&link->host, ssh_question_step(&link->question));
	ssh_channels_add_zombie(&link->channels,
	    ssh_question_take_ended(&link->question), &link->host);
	any = ssh_channels_any(&link->channels);
	if (any == NULL)
		any = link->question.channel;
	if (any != NULL) {
		rc = libssh2_channel_read(any, nothing, 0);
		if (rc < 0 && rc != LIBSSH2_ERROR_EAGAIN)
			ssh_loss_end_session(link);
	} else if (!was_driven && link->has_unread &&
	    link->slot.use == SSH_SLOT_FREE) {
		ping(link);
	}
	link->has_unread = false;
}

/* An unreadable packet may hide an end: when one appears, go round again. */
static void
pump(struct ssh_link *link)
{
	bool had_unread;

	do {
		link->needs_pump = false;
		had_unread = link->host.holds_unread;
		if (!link->host.is_lost)
			drive(link);
		link->pumped = ssh_transport_received(link->host.transport);
		if (ssh_transport_is_lost(link->host.transport))
			ssh_loss_end_session(link);
		ssh_channels_pump(&link->channels, &link->host);
	} while (link->needs_pump || (link->host.holds_unread && !had_unread) ||
	    link->pumped != ssh_transport_received(link->host.transport));
	if (ssh_channels_enforce(&link->channels, link->host.transport) !=
		SSH_CHANNELS_FINE ||
	    (link->channels.live_count == 0 && /* they would be heard, too */
		ssh_slot_is_passed_over(&link->slot, link->host.pulse.asked_ms,
		    ssh_link_heard_ms(link))))
		ssh_link_retire(link);
}

/*
 * The transport cannot acknowledge at once what came through an outer jump box,
 * whose kernel waits 40 ms unless there is something to send; and the inner
 * sshd has Nagle's algorithm on.  So send what there is: a grant.
 */
static void
answer_now(struct ssh_link *link)
{
	uint64_t received = ssh_transport_received(link->host.transport);

	if (link->is_behind_another && received != link->answered &&
	    ssh_transport_pending(link->host.transport) == 0)
		ssh_channels_grant(&link->channels);
	link->answered = received;
}

/* Once the output buffer is half empty, retry the writes it held back. */
void
ssh_link_flush(struct ssh_link *link)
{
	struct ssh_transport *transport = link->host.transport;
	size_t pending;

	if (link->host.is_lost)
		return;
	answer_now(link);
	pending = ssh_transport_flush(transport);
	if (pending > 0)
		event_add(link->writable, NULL);
	if (link->host.is_full && pending < SSH_CHANNEL_OUTPUT_MAX / 2) {
		link->host.is_full = false;
		event_active(link->host.turn, EV_TIMEOUT, 0);
	}
	if (ssh_transport_is_readable(transport))
		event_active(link->readable, EV_READ, 0);
	if (ssh_transport_is_lost(transport)) {
		ssh_loss_end_session(link);
		event_active(link->host.turn, EV_TIMEOUT, 0);
	}
}

void
ssh_link_pump(struct ssh_link *link)
{
	if (link->needs_pump ||
	    link->pumped != ssh_transport_received(link->host.transport))
		pump(link);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct ssh_link *link = arg;

	(void)fd, (void)what;
	ssh_transport_readable(link->host.transport, TURN_BUDGET);
	link->has_unread = link->needs_pump = true;
}

/* The socket has room, or a user wants a turn: it follows this event. */
static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct ssh_link *link = arg;

	(void)fd, (void)what;
	link->needs_pump = true;
	if (link->host.pulse.await_ms > 0 && !link->host.is_lost)
		ssh_opening_arm_timer(link);
}

struct ssh_link *
ssh_link_new(struct event_base *base, const struct config *cfg,
    const struct config_jump *jump, struct ssh_transport *take)
{
	struct ssh_link *link = xcalloc(1, sizeof *link);
	int fd = ssh_transport_fd(take);

	ssh_channels_init(&link->channels);
	ssh_question_init(&link->question, take);
	link->host.transport = take;
	fault_software(&link->host.fault, ssh_facts_software(take));
	config_hops_name(jump, &link->host.fault);
	link->host.software = link->host.fault.software;
	link->is_behind_another = jump->via != NULL;
	link->pings_left = PINGS_AT_START;
	ssh_pulse_init(&link->host.pulse, cfg->keepalive_interval_ms,
	    cfg->keepalive_count);
	link->ping_doubt_ms = cfg->open_timeout_ms / 4;
	link->host.turn = loop_event(base, -1, 0, on_turn, link);
	link->readable = loop_event(base, fd, EV_READ | EV_PERSIST, on_readable,
	    link);
	link->writable = loop_event(base, fd, EV_WRITE, on_turn, link);
	link->timer = loop_event(base, -1, 0, on_timer, link);
	event_add(link->readable, NULL);
	ssh_opening_arm_timer(link);
	return link;
}

void
ssh_link_free(struct ssh_link *link)
{
	if (link == NULL)
		return;
	if (!link->host.is_lost)
		ssh_transport_flush(link->host.transport);
	ssh_transport_bury(link->host.transport);
	ssh_channels_clear(&link->channels);
	event_free(link->readable);
	event_free(link->writable);
	event_free(link->timer);
	event_free(link->host.turn);
	ssh_transport_free(link->host.transport);
	ssh_carrier_clear(&link->host);
	free(link);
}

void
ssh_link_carry(struct ssh_link *link, struct stream *carrier)
{
	if (carrier != NULL)
		ssh_carrier_begin(&link->host, carrier,
		    ssh_channel_shared(carrier));
}

void
ssh_link_carrier_ended(struct ssh_link *link, const struct fault *cause)
{
	ssh_carrier_ended(&link->host, cause);
}

const struct fault *
ssh_link_fault(const struct ssh_link *link)
{
	return &link->host.fault;
}

const struct fault *
ssh_link_silent(const struct ssh_link *link, int64_t since_ms)
{
	return ssh_carrier_silent(&link->host, since_ms);
}

bool
ssh_link_is_closed(const struct ssh_link *link)
{
	return link->is_retired || link->host.is_lost;
}

bool
ssh_link_is_lost(const struct ssh_link *link)
{
	return link->host.is_lost;
}

bool
ssh_link_is_finished(const struct ssh_link *link)
{
	return ssh_link_is_closed(link) && link->channels.live_count == 0 &&
	    link->slot.use != SSH_SLOT_DONE &&
	    link->slot.use != SSH_SLOT_FORWARD &&
	    (link->host.is_lost ||
		ssh_transport_pending(link->host.transport) == 0);
}

size_t
ssh_link_channels(const struct ssh_link *link)
{
	return link->channels.live_count;
}

int64_t
ssh_link_rtt_us(const struct ssh_link *link)
{
	return link->host.rtt_us;
}

bool
ssh_link_is_mute(const struct ssh_link *link)
{
	return ssh_pulse_is_mute(&link->host.pulse, clock_ms(),
	    ssh_link_heard_ms(link));
}

bool
ssh_link_may_stall(const struct ssh_link *link)
{
	return !ssh_failure_goes_on(link->host.software) &&
	    ssh_transport_pending(link->host.transport) == 0 &&
	    tcp_is_delivered(ssh_transport_fd(link->host.transport));
}

void
ssh_link_bear(struct ssh_link *link, int64_t heard_ms, int64_t until_ms)
{
	ssh_pulse_bear(&link->host.pulse, heard_ms, until_ms);
}

bool
ssh_link_is_stuck(const struct ssh_link *link)
{
	return ssh_slot_is_taken(&link->slot) &&
	    clock_ms() >= link->slot.since_ms + link->host.pulse.doubt_ms;
}

bool
ssh_link_is_opening(const struct ssh_link *link)
{
	return ssh_slot_is_taken(&link->slot) &&
	    link->slot.use != SSH_SLOT_PING;
}

bool
ssh_link_has_slot(const struct ssh_link *link)
{
	return !ssh_link_is_closed(link) && link->slot.use == SSH_SLOT_FREE &&
	    link->channels.live_count < SSH_LINK_CHANNELS_HARD;
}

void
ssh_link_open(struct ssh_link *link, const struct ssh_target *target,
    int64_t overdue_ms)
{
	assert(ssh_link_has_slot(link));
	link->host.pulse.doubt_ms = overdue_ms - clock_ms();
	ssh_slot_forward(&link->slot, target);
	ssh_opening_start(link);
}

bool
ssh_link_take_opened(struct ssh_link *link, struct ssh_opened *out)
{
	struct ssh_slot *slot = &link->slot;

	if (slot->use == SSH_SLOT_FORWARD && link->host.is_lost) {
		link->has_open_failed = true;
		slot->use = SSH_SLOT_DONE;
	}
	if (slot->use != SSH_SLOT_DONE)
		return false;
	slot->use = SSH_SLOT_FREE;
	out->stream = link->opened;
	out->has_link_failed = link->has_open_failed;
	out->lost_by = &link->host.fault;
	out->software = link->host.software;
	out->reason = slot->reason;
	memcpy(out->words, slot->words, sizeof out->words);
	out->elapsed_ms = slot->elapsed_us / 1000;
	out->rtt_us = link->host.rtt_us;
	return true;
}

void
ssh_link_abandon(struct ssh_link *link)
{
	struct ssh_opened unwanted;

	if (link->slot.use == SSH_SLOT_FORWARD)
		link->slot.use = SSH_SLOT_ORPHAN;
	else if (ssh_link_take_opened(link, &unwanted))
		stream_close(unwanted.stream, true);
}

void
ssh_link_measure(struct ssh_link *link)
{
	if (link->pings_left > 0 && ssh_link_has_slot(link) &&
	    !link->question.is_pending) {
		link->pings_left--;
		ask_for_life(link);
	}
}
