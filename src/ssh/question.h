/* SPDX-License-Identifier: PostgreSQL */

/*
 * Signs of life requested beside the slot.  A jump box that confirms a channel
 * of an unknown type may keep it, and every other that follows.  So the first
 * such channel is kept, and a request on it that must be refused asks for a
 * sign of life.  Without such a channel, libssh2's keepalive serves.
 */
#ifndef PGJUMP_SSH_QUESTION_H
#define PGJUMP_SSH_QUESTION_H

#include <libssh2.h>
#include <stdbool.h>
#include <stdint.h>

struct ssh_transport;

/* A plain value. */
struct ssh_question {
	struct ssh_transport *transport; /* borrowed */
	LIBSSH2_CHANNEL *channel;        /* the kept channel; NULL: none */
	bool is_pending;  /* asked on the channel, not answered yet */
	bool is_proved;   /* was answered on the channel once */
	int64_t asked_us; /* base/clock.h */
};

void ssh_question_init(struct ssh_question *, struct ssh_transport *);

/* Keep a channel, unless one is kept already; false: it stays the caller's. */
bool ssh_question_keep(struct ssh_question *, LIBSSH2_CHANNEL *take);

/*
 * Give up the kept channel when its peer has ended it; it is the caller's.
 * NULL: there is none.
 */
LIBSSH2_CHANNEL *ssh_question_take_ended(struct ssh_question *);

/*
 * Ask.  False: nothing was sent, because keys are being exchanged.  Each
 * question that is not asked on a channel leaves a packet in libssh2.
 */
bool ssh_question_ask(struct ssh_question *);

/*
 * Look for the answer; reads input.  Returns how long it took (us), or 0: it
 * has not come, or nothing was asked.
 */
int64_t ssh_question_step(struct ssh_question *);

#endif
