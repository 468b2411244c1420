/* SPDX-License-Identifier: PostgreSQL */

/*
 * What all clients of one connection share, in all workers: how many there
 * are, and the brake on failing answers.  One mutex; any thread.
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
 * Count a failing answer; returns how many milliseconds it is to be delayed: 0
 * up to 5 within a second, then 500 (postgres.js reconnects hundreds of times
 * a second otherwise; research/clients.md is the source).
 */
int64_t gate_brake_ms(struct gate *);

#endif
