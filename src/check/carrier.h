/* SPDX-License-Identifier: PostgreSQL */

/*
 * What the next hop of a walk asks of an outer one, whose link lives in a
 * thread of its own (check/hop.h): sockets, signs of life, why it broke.
 */
#ifndef PGJUMP_CHECK_CARRIER_H
#define PGJUMP_CHECK_CARRIER_H

#include <pthread.h>
#include <stdbool.h>

#include "base/fault.h"
#include "base/mailbox.h"

struct config_jump;

enum check_call {
	CHECK_CALL_NONE,
	CHECK_CALL_REACH, /* a socket to the next hop, or the fault */
	CHECK_CALL_LIFE,  /* the jump box that is silent; NULL: none is */
};

/* Its thread fills in the answer, and then calls check_carrier_answer(). */
struct check_carrier {
	struct message message; /* first: it carries a call */
	struct mailbox *mailbox;
	pthread_mutex_t mutex; /* for all members below */
	pthread_cond_t answered;
	enum check_call call; /* in progress */
	bool has_ended;       /* the thread answers no more */
	int fd;
	const struct config_jump *silent;
	struct fault fault;  /* of a call */
	struct fault broken; /* of the link; FAIL_NONE: it lives */
};

void check_carrier_init(struct check_carrier *, struct mailbox *,
    void (*on_call)(struct message *, void *receiver));
void check_carrier_clear(struct check_carrier *);

/* A socket that leads to the next hop.  Has the type of dial.reach. */
enum failure check_carrier_reach(void *arg, int *fd_out, struct fault *);

/* The outermost jump box that gives no sign of life; NULL: each of them does.
 */
const struct config_jump *check_carrier_silent_jump(struct check_carrier *);

/* Whether the link broke, and if so, why. */
bool check_carrier_is_broken(struct check_carrier *, struct fault *out);

/* --- For its thread ------------------------------------------------------- */

void check_carrier_answer(struct check_carrier *);
void check_carrier_break(struct check_carrier *, const struct fault *);

/* Answer the call in progress, if there is one, and all others. */
void check_carrier_end(struct check_carrier *);

#endif
