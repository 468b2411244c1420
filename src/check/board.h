/* SPDX-License-Identifier: PostgreSQL */

/*
 * Where the thread that walks one connection writes what it finds, and the
 * thread that prints looks at it.  Each write is seen whole or not at all, and
 * wakes who waits at the eventfd.
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

/* A copy of what is there now. */
void check_board_look(struct check_board *, struct check_report *out);

/* Whether something that hears no deadline was due by then (base/clock.h), and
 * is still in progress. */
bool check_board_is_late(struct check_board *, int64_t by_ms);

/*
 * The walk will not be waited for: its report ends here, in the phase that is
 * running, with this fault and advice.  What it writes later is not seen.
 * False: it has ended by itself.
 */
bool check_board_give_up(struct check_board *, const struct fault *,
    const struct check_advice *);

/* --- For the walk ----------------------------------------------------------
 */

/* A phase begins; none is running. */
void check_board_enter(struct check_board *, enum check_phase);

/* What the phase does hears neither deadline nor signal; it must have ended by
 * then (base/clock.h); 0: it has. */
void check_board_due(struct check_board *, int64_t due_ms);

/* The phase that is running passed, or failed (then the fault is the
 * verdict), or turned out to be needless; with what is to be said of it. */
void check_board_pass(struct check_board *, const char *message, ...)
    __attribute__((format(printf, 2, 3)));
void check_board_fail(struct check_board *, const struct fault *);
void check_board_skip(struct check_board *, enum check_phase, const char *why,
    ...) __attribute__((format(printf, 3, 4)));

/* A fact of a phase, by a constant key; "" is left out. */
void check_board_fact(struct check_board *, enum check_phase, const char *key,
    const char *text);
void check_board_number(struct check_board *, enum check_phase, const char *key,
    double number);

/* For the verdict. */
void check_board_probe(struct check_board *, const struct check_probe *);
void check_board_remark(struct check_board *, const char *remark, ...)
    __attribute__((format(printf, 2, 3)));
void check_board_advise(struct check_board *, const struct check_advice *);

/* The walk has ended, however. */
void check_board_finish(struct check_board *);

#endif
