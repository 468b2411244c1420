/* SPDX-License-Identifier: PostgreSQL */

/*
 * Questions to the jump box after a forward that failed, which tell its causes
 * apart.  They go through the link of the walk, or through a new one while an
 * open is unanswered there.  They are bounded in time, and none of them makes a
 * check fail.
 */
#ifndef PGJUMP_CHECK_PROBE_H
#define PGJUMP_CHECK_PROBE_H

struct check_state;

/* Ask what helps to explain the fault.  Each answer goes to the board; what
 * follows from it is added as a remark. */
void check_probe_ask(const struct check_state *);

#endif
