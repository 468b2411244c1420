/* SPDX-License-Identifier: PostgreSQL */

/*
 * The open in the slot of a link, and when the link must be looked at again.
 */
#ifndef PGJUMP_SSH_OPENING_H
#define PGJUMP_SSH_OPENING_H

struct ssh_link;

/* The slot was filled: send what is in it. */
void ssh_opening_start(struct ssh_link *);

/* Go on with it; reads input. */
void ssh_opening_step(struct ssh_link *);

/* Wake the link when its pulse is due. */
void ssh_opening_arm_timer(struct ssh_link *);

#endif
