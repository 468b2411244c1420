/* SPDX-License-Identifier: PostgreSQL */

/*
 * What follows from a failure: more questions to the jump box, remarks, and
 * what to do, all put on the board.
 */
#ifndef PGJUMP_CHECK_VERDICT_H
#define PGJUMP_CHECK_VERDICT_H

#include <stdint.h>

struct check_board;
struct check_case;
struct check_route;
struct check_task;
struct dial;

/* A walk that failed, and what it can still ask with; all borrowed. */
struct check_failed {
	const struct check_task *task;
	struct check_route *route;
	const struct dial *dial; /* reports no stage */
	struct check_board *board;
	const struct check_case *is;
	const char *note;   /* what was seen of the failed phase, or "" */
	int64_t forward_ms; /* what the jump box took to refuse, if it did */
};

void check_verdict_conclude(const struct check_failed *);

#endif
