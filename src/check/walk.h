/* SPDX-License-Identifier: PostgreSQL */

/*
 * The walk along one connection, hop by hop, from its configuration to a
 * session with its database: what it meets goes to a board.  Sequential, in a
 * thread of its own.
 */
#ifndef PGJUMP_CHECK_WALK_H
#define PGJUMP_CHECK_WALK_H

#include <stdbool.h>

struct check_board;
struct check_report;
struct check_task;

/*
 * Walk until the end, the first failure, or until the task is cancelled; then
 * the board is finished.  `may_log_in`: as far as a session, where there
 * is a password for it.
 */
void check_walk(const struct check_task *, struct check_board *,
    bool may_log_in);

/*
 * For another thread, which saw in `seen` that this walk is long past its
 * due_ms: the board shall say why, and the walk is not waited for.  False: it
 * has gone on.
 */
bool check_walk_give_up(const struct check_report *seen, struct check_board *);

#endif
