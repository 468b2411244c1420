/* SPDX-License-Identifier: PostgreSQL */

/*
 * What follows from a failure: more questions to the jump box, remarks, and
 * advice, all put on the board.
 */
#ifndef PGJUMP_CHECK_VERDICT_H
#define PGJUMP_CHECK_VERDICT_H

struct check_state;

/* The fault is on the board already.  An agent may be asked for the key. */
void check_verdict_conclude(struct check_state *);

#endif
