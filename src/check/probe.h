/* SPDX-License-Identifier: PostgreSQL */

/*
 * Questions after a forward that failed, which tell its causes apart: through
 * the link of the walk, or through a new one where an open is still unanswered
 * there.  Bounded, and worth no failure.
 */
#ifndef PGJUMP_CHECK_PROBE_H
#define PGJUMP_CHECK_PROBE_H

struct check_state;

/* Ask what helps with the fault; each answer goes to the board, and what
 * follows from it as a remark. */
void check_probe_ask(const struct check_state *);

#endif
