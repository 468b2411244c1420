/* SPDX-License-Identifier: PostgreSQL */

/*
 * The slot's messages and answers.  This file knows nothing of links or
 * streams.
 */
#include "ssh/slot.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "ssh/transport.h"

/* The largest packet that the peer may send: RFC 4253, 6.1. */
#define PACKET_MAX 32768

bool
ssh_slot_is_taken(const struct ssh_slot *slot)
{
	return slot->use != SSH_SLOT_FREE && slot->use != SSH_SLOT_DONE;
}

int64_t
ssh_slot_since_ms(const struct ssh_slot *slot)
{
	return ssh_slot_is_taken(slot) ? slot->since_ms : 0;
}

bool
ssh_slot_is_passed_over(const struct ssh_slot *slot, int64_t asked_ms,
    int64_t heard_ms)
{
	return slot->use == SSH_SLOT_PING && asked_ms > slot->since_ms &&
	    heard_ms >= asked_ms;
}

static void
put_bytes(struct ssh_slot *slot, const void *bytes, size_t len)
{
	assert(slot->len + len <= sizeof slot->message);
	memcpy(slot->message + slot->len, bytes, len);
	slot->len += len;
}

static void
put_u32(struct ssh_slot *slot, size_t value)
{
	const unsigned char bytes[] = { value >> 24 & 0xff, value >> 16 & 0xff,
		value >> 8 & 0xff, value & 0xff };

	put_bytes(slot, bytes, sizeof bytes);
}

static void
put_string(struct ssh_slot *slot, const char *text)
{
	put_u32(slot, strlen(text));
	put_bytes(slot, text, strlen(text));
}

static void
fill(struct ssh_slot *slot, enum ssh_slot_use use, const char *type)
{
	assert(slot->use == SSH_SLOT_FREE);
	memset(slot, 0, sizeof *slot);
	slot->use = use;
	slot->type = type;
	slot->since_ms = clock_ms();
	clock_gettime(CLOCK_MONOTONIC, &slot->since);
}

/* RFC 4254, 7.2, and OpenSSH's PROTOCOL, 2.4. */
void
ssh_slot_forward(struct ssh_slot *slot, const struct ssh_target *target)
{
	fill(slot, SSH_SLOT_FORWARD,
	    target->is_socket ? "direct-streamlocal@openssh.com"
			      : "direct-tcpip");
	put_string(slot, target->host);
	if (target->is_socket) {
		put_string(slot, "");
		put_u32(slot, 0);
		return;
	}
	put_u32(slot, target->port);
	put_string(slot, target->originator_host);
	put_u32(slot, target->originator_port);
}

void
ssh_slot_ping(struct ssh_slot *slot)
{
	fill(slot, SSH_SLOT_PING, "ping@pgjump");
}

/* At least 1, since 0 stands for "not measured". */
static int64_t
elapsed_us(const struct timespec *since)
{
	struct timespec now;
	int64_t us;

	clock_gettime(CLOCK_MONOTONIC, &now);
	us = (int64_t)(now.tv_sec - since->tv_sec) * 1000000 +
	    (now.tv_nsec - since->tv_nsec) / 1000;
	return us > 0 ? us : 1;
}

static void
keep_refusal(struct ssh_slot *slot, const struct ssh_said *said)
{
	slot->reason = said->open_reason;
	memcpy(slot->words, said->open_text, sizeof slot->words);
}

static enum ssh_slot_answer
answer_of(struct ssh_slot *slot, const struct ssh_said *said, int rc)
{
	switch (rc) {
	case 0:
		return SSH_SLOT_OPENED;
	case LIBSSH2_ERROR_EAGAIN:
		return SSH_SLOT_PENDING;
	case LIBSSH2_ERROR_CHANNEL_FAILURE:
		keep_refusal(slot, said);
		return SSH_SLOT_REFUSED;
	default:
		return SSH_SLOT_TROUBLE;
	}
}

enum ssh_slot_answer
ssh_slot_step(struct ssh_slot *slot, struct ssh_transport *transport,
    LIBSSH2_CHANNEL **out)
{
	LIBSSH2_SESSION *session = ssh_transport_session(transport);
	enum ssh_slot_answer answer;

	ssh_transport_expect_open(transport, true);
	*out = libssh2_channel_open_ex(session, slot->type,
	    (unsigned)strlen(slot->type), 0, PACKET_MAX,
	    (const char *)slot->message, (unsigned)slot->len);
	answer = answer_of(slot, ssh_transport_said(transport),
	    *out != NULL ? 0 : libssh2_session_last_errno(session));
	if (answer == SSH_SLOT_PENDING)
		return answer;
	ssh_transport_expect_open(transport, false);
	slot->elapsed_us = elapsed_us(&slot->since);
	return answer;
}
