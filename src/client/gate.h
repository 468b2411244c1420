/* SPDX-License-Identifier: PostgreSQL */

/*
 * What all clients of one connection share, in all workers: how many there
 * are and how many are coming, how many were probes, whose cancel request has
 * its turn, and the brake on failing answers.  One mutex; any thread.
 */
#ifndef PGJUMP_CLIENT_GATE_H
#define PGJUMP_CLIENT_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"

struct gate;
struct gate_cancel;
struct mailbox;

struct gate *gate_new(unsigned max_clients);
void gate_free(struct gate *);

/* Take a place; false when all are taken. */
bool gate_enter(struct gate *);
void gate_leave(struct gate *);

/*
 * As many as there are places, and a few more, may be there without one: who
 * has not said yet what it wants.  Beyond that there is a crowd.
 */
#define GATE_ARRIVALS_SPARE 100
bool gate_arrive(struct gate *); /* false: a crowd; it is not counted */
void gate_settle(struct gate *); /* has a place, or is gone */

/* A client failed, before its session was up or in its midst. */
void gate_fail(struct gate *, enum failure);

/* What the record holds, as a plain value. */
struct gate_state {
	unsigned clients;  /* with a place */
	unsigned arrivals; /* without one, so far */
	uint64_t probes, failures;
	enum failure last_failure; /* FAIL_NONE: none so far */
	int64_t failed_ms;         /* when that was (base/clock.h) */
};

struct gate_state gate_look(struct gate *);

/* Count a port probe; returns how many there were, this one included. */
uint64_t gate_probe(struct gate *);

/*
 * A cancel request needs no place of a client.  As many may be under way as
 * there are clients, and GATE_CANCELS_MIN in any case; GATE_CANCELS_WAITING
 * more wait for their turn, in the order in which they came.
 */
#define GATE_CANCELS_MIN     8
#define GATE_CANCELS_WAITING 64

/*
 * NULL: as many wait as may.  Else it has its turn now, or `on_turn` is called
 * when the turn comes, in the thread of the mailbox, which is borrowed until
 * mailbox_close().  The thread of the mailbox only, as are the next two.
 */
struct gate_cancel *gate_cancel_enter(struct gate *, struct mailbox *,
    void (*on_turn)(void *arg), void *arg);
bool gate_cancel_has_turn(const struct gate_cancel *);

/* It is over, or waits no more; `on_turn` is not called.  NULL is fine. */
void gate_cancel_leave(struct gate_cancel *);

/* Count one that is closed before its turn; returns how many there were, this
 * one included. */
uint64_t gate_cancel_miss(struct gate *);

/*
 * How many of these were counted since this was last asked with success; 0 as
 * long as it is not time to tell, which it is once none waits any more, and at
 * most once a second while some do.
 */
uint64_t gate_cancels_untold(struct gate *);

/*
 * Count a failing answer; returns how many milliseconds it is to be delayed: 0
 * up to 5 within a second, then 500 (postgres.js reconnects hundreds of times
 * a second otherwise; research/clients.md is the source).
 */
int64_t gate_brake_ms(struct gate *);

#endif
