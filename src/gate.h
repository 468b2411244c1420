/* SPDX-License-Identifier: PostgreSQL */

/*
 * What all clients of one connection share, in all workers: how many there
 * are and how many are coming, how many were probes, and the brake on failing
 * answers.  One mutex; any thread.
 */
#ifndef PGJUMP_GATE_H
#define PGJUMP_GATE_H

#include <stdbool.h>
#include <stdint.h>

struct gate;

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

/* Count a port probe; returns how many there were, this one included. */
uint64_t gate_probe(struct gate *);

/*
 * Count a failing answer; returns how many milliseconds it is to be delayed: 0
 * up to 5 within a second, then 500 (postgres.js reconnects hundreds of times
 * a second otherwise; research/clients.md is the source).
 */
int64_t gate_brake_ms(struct gate *);

#endif
