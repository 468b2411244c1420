/* SPDX-License-Identifier: PostgreSQL */

/*
 * Questions after a forward that failed, which tell its causes apart: through
 * the link of the walk, or through a new one where an open is still unanswered
 * there.  Bounded, and worth no failure.
 */
#ifndef PGJUMP_CHECK_PROBE_H
#define PGJUMP_CHECK_PROBE_H

#include "base/fault.h"

struct check_board;
struct check_route;
struct check_task;
struct dial;

/* Ask what helps with this fault; each answer goes to the board, and what
 * follows from it as a remark. */
void check_probe(const struct check_task *, struct check_route *,
    const struct dial *, const struct fault *, struct check_board *);

#endif
