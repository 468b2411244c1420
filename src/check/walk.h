/* SPDX-License-Identifier: PostgreSQL */

/*
 * The walk along one connection, hop by hop, from its configuration to a
 * session with its database.  What it finds goes to a board.  Sequential, in a
 * thread of its own.
 */
#ifndef PGJUMP_CHECK_WALK_H
#define PGJUMP_CHECK_WALK_H

#include <stdbool.h>

struct check_approach;
struct check_board;
struct check_report;
struct check_route;
struct check_task;

/*
 * Walk until the end, the first failure, or until the task is cancelled; the
 * caller then finishes the board.  With `may_log_in` the walk ends with a
 * session, where a password for it is configured.  The route is new and of this
 * task; after a walk that went well it has a link to the jump box, which the
 * outer hops of the approach carry.  The caller ends that after the route.
 */
void check_walk(const struct check_task *, struct check_route *,
    struct check_approach *, struct check_board *, bool may_log_in);

/*
 * For another thread, which saw in `seen` that this walk is long past its
 * due_ms: make the board say why, and do not wait for the walk.  False: the
 * walk has gone on meanwhile.
 */
bool check_walk_give_up(const struct check_report *seen, struct check_board *);

#endif
