/* SPDX-License-Identifier: PostgreSQL */

/*
 * What all clients of one connection share, in all workers: the counts of
 * clients, arrivals and probes, the turns of cancel requests, and the brake on
 * failing answers.  One mutex; any thread.
 */
#ifndef PGJUMP_CLIENT_GATE_H
#define PGJUMP_CLIENT_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "client/counts.h"

struct gate;
struct gate_cancel;
struct mailbox;

struct gate *gate_new(unsigned max_clients); /* with one reference */
struct gate *gate_ref(struct gate *);
void gate_unref(struct gate *); /* NULL is fine */

/* Those that have a place keep it, even if they are more. */
void gate_limit(struct gate *, unsigned max_clients);

/* Take a place; false when all are taken. */
bool gate_enter(struct gate *);
void gate_leave(struct gate *);

/*
 * An arrival is a client that has no place yet, because its first packet has
 * not come.  There may be as many arrivals as places and GATE_ARRIVALS_SPARE
 * more, so that port probes do not keep clients out where max_clients is small.
 * More than that are a crowd.
 */
#define GATE_ARRIVALS_SPARE 100
bool gate_arrive(struct gate *); /* false: a crowd; it is not counted */
void gate_settle(struct gate *); /* one arrival has a place, or is gone */

/* Count a client that failed, with or without a session. */
void gate_fail(struct gate *, const struct fault *);

/* The gate's counts, as a plain value. */
struct gate_state {
	unsigned clients;  /* have a place */
	unsigned arrivals; /* have none yet */
	uint64_t probes, failures;
	enum failure last_failure;        /* FAIL_NONE: none so far */
	int64_t failed_ms;                /* when that was (base/clock.h) */
	uint64_t tunnel_failures;         /* those of the tunnel's side */
	enum failure last_tunnel_failure; /* FAIL_NONE: none so far */
};

struct gate_state gate_look(struct gate *);

/*
 * Counts of one worker's clients, which are added up by gate_report().  What
 * they hold when they leave stays counted.
 */
void gate_join(struct gate *, struct counts *);
void gate_part(struct gate *, struct counts *);

/* Everything that is known of the clients of a connection. */
struct gate_report {
	struct gate_state state;
	int64_t waiting; /* for a database, now */
	uint64_t failures[STAGE_COUNT];
	struct fault fault; /* of the last failure */
	uint64_t values[COUNT_COUNT];
};

void gate_report(struct gate *, struct gate_report *out);

/* Count a port probe; returns how many there were, this one included. */
uint64_t gate_probe(struct gate *);

/*
 * A cancel request needs a turn instead of a place.  As many requests may be
 * under way as there are clients, since each client can have one statement to
 * cancel, and GATE_CANCELS_MIN in any case.  GATE_CANCELS_WAITING more wait for
 * their turn, in the order in which they came; that queue is bounded because
 * each of them holds a descriptor.
 */
#define GATE_CANCELS_MIN     8
#define GATE_CANCELS_WAITING 64

/*
 * NULL: the queue is full.  Else the request has its turn now, or `on_turn` is
 * called when the turn comes, in the thread of the mailbox, which is borrowed
 * until mailbox_close().  Call this function and the next two in that thread.
 */
struct gate_cancel *gate_cancel_enter(struct gate *, struct mailbox *,
    void (*on_turn)(void *arg), void *arg);
bool gate_cancel_has_turn(const struct gate_cancel *);

/* The request is over or given up; `on_turn` is not called.  NULL is fine. */
void gate_cancel_leave(struct gate_cancel *);

/* Count a request that missed its turn; returns their number so far. */
uint64_t gate_cancel_miss(struct gate *);

/*
 * The number of missed turns that the log does not know yet; the caller logs
 * it.  0 while there is nothing to log: in a flood that is so for most calls,
 * since the number is given once a second, and once no request waits any more.
 */
uint64_t gate_cancels_untold(struct gate *);

/*
 * Count a failing answer; returns by how many milliseconds to delay it.  The
 * first 5 within a second are not delayed, so that a person sees the error at
 * once.  Every further one is delayed by 500, because postgres.js otherwise
 * reconnects hundreds of times a second.
 */
int64_t gate_brake_ms(struct gate *);

#endif
