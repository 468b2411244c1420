/* SPDX-License-Identifier: PostgreSQL */

/*
 * The thread that walks a connection writes here what it finds; the thread that
 * prints looks at it.  Each write is seen whole or not at all, and signals the
 * eventfd.
 */
#ifndef PGJUMP_CHECK_BOARD_H
#define PGJUMP_CHECK_BOARD_H

#include "base/fault.h"
#include "check/report.h"

struct check_board;

/* `changed_fd` is an eventfd, borrowed; so is the connection. */
struct check_board *check_board_new(const struct config_connection *,
    int changed_fd);
void check_board_free(struct check_board *);

/* Copy what is there now. */
void check_board_look(struct check_board *, struct check_report *out);

bool check_board_is_done(struct check_board *);

/* Whether a call that cannot be cancelled was due by then (base/clock.h) and is
 * still in progress. */
bool check_board_is_late(struct check_board *, int64_t by_ms);

/*
 * Nobody will wait for the walk: end its report in the running phase, with this
 * fault and advice.  What the walk writes later is not shown.  False: the call
 * has returned after all.
 */
bool check_board_give_up(struct check_board *, const struct fault *,
    const struct check_advice *);

/* --- For the walk --------------------------------------------------------- */

/* The phases that belong to a hop are those of this one from now on (1). */
void check_board_hop(struct check_board *, unsigned hop);

/* Begin a phase; no other may be running. */
void check_board_enter(struct check_board *, enum check_phase);

/* A call begins that hears neither deadline nor signal, and must have returned
 * by `due_ms` (base/clock.h); 0: it has returned. */
void check_board_due(struct check_board *, int64_t due_ms);

/*
 * The running phase passed, with a message; or it failed, and the fault becomes
 * the verdict.  A phase that turns out to be needless is skipped, with the
 * reason.
 */
void check_board_pass(struct check_board *, const char *message, ...)
    __attribute__((format(printf, 2, 3)));
void check_board_fail(struct check_board *, const struct fault *);
void check_board_skip(struct check_board *, enum check_phase, const char *why,
    ...) __attribute__((format(printf, 3, 4)));

/* A fact of a phase, under a constant key; "" is left out. */
void check_board_fact(struct check_board *, enum check_phase, const char *key,
    const char *text);
/* A further text of a list of facts, under a constant key. */
void check_board_item(struct check_board *, enum check_phase, const char *key,
    const char *text);
void check_board_number(struct check_board *, enum check_phase, const char *key,
    double number);

/* What follows from the failure. */
void check_board_probe(struct check_board *, const struct check_probe *);
void check_board_remark(struct check_board *, const char *remark, ...)
    __attribute__((format(printf, 2, 3)));
void check_board_advise(struct check_board *, const struct check_advice *);
void check_board_ask(struct check_board *, const struct check_question *);

/* The walk has ended, in whatever way. */
void check_board_finish(struct check_board *);

#endif
