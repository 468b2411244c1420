/* SPDX-License-Identifier: PostgreSQL */

/*
 * Signs of life asked for beside the slot.  A jump box that has confirmed a
 * channel of a type that no server knows might keep it for ever, and each one
 * that follows: so the first is kept to ask on, by a request whose refusal is
 * the answer.  Where there is none, libssh2's keepalive serves.
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
	LIBSSH2_CHANNEL *channel;        /* kept to ask on; NULL: none is */
	bool is_pending;                 /* asked on it, not answered yet */
	bool is_proved;                  /* was answered on it once */
	int64_t asked_us;                /* base/clock.h */
};

void ssh_question_init(struct ssh_question *, struct ssh_transport *);

/* Keep a channel, if there is none yet; false: it stays the caller's. */
bool ssh_question_keep(struct ssh_question *, LIBSSH2_CHANNEL *take);

/* The kept channel, whose peer has ended it: the caller's.  NULL: none is. */
LIBSSH2_CHANNEL *ssh_question_take_ended(struct ssh_question *);

/*
 * Ask.  False: nothing was sent, for keys are being exchanged.  An honest peer
 * leaves a packet in libssh2 for each question that is not asked on a channel.
 */
bool ssh_question_ask(struct ssh_question *);

/*
 * Look for the answer; reads input.  How long it took (us); 0: it is not
 * there, or nothing was asked.
 */
int64_t ssh_question_step(struct ssh_question *);

#endif
