/* SPDX-License-Identifier: PostgreSQL */

/*
 * One link of a pool, with its targets and the open it has in flight: the facts
 * by which the pool chooses between links.
 */
#ifndef PGJUMP_JUMP_POOL_MEMBER_H
#define PGJUMP_JUMP_POOL_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct originator;
struct pool_target;
struct ssh_link;
struct ssh_opened;
struct transit;

struct pool_member {
	TAILQ_ENTRY(pool_member) entry;
	struct ssh_link *link;
	struct transit *transit; /* what carries the link; NULL: none does */
	int64_t born_ms;         /* base/clock.h */
	bool was_used;           /* a stream was opened through it */
	size_t channels_max; /* the limit that its sshd showed; 0: none yet */
	bool was_loss_told;  /* its loss was told to the jump box's record */
	/* The open in flight. */
	struct pool_target *target; /* NULL: there is none */
	void *user;                 /* NULL: nobody waits for it any more */
	int64_t opened_ms;          /* when it began */
	int64_t overdue_ms;         /* a quarter of its user's time is over */
	int64_t late_ms; /* the target's standing suffers after this */
	bool is_held_up; /* it is late, and the target is to blame */
	/* The targets of its channels, until it is idle. */
	struct pool_target *named; /* one given by name; NULL: none is */
	bool is_numeric;           /* some are given by address */
	struct pool_target *first;
	bool is_shared;  /* not all are the first one */
	int64_t idle_ms; /* idle since then (base/clock.h); 0: in use */
};

TAILQ_HEAD(pool_members, pool_member);

/* A member for a new link.  The pool frees both. */
struct pool_member *pool_member_new(struct ssh_link *take);

/* The link may have one channel more, once its slot is free. */
bool pool_member_has_room(const struct pool_member *);

/* The same, and its slot is free now. */
bool pool_member_has_slot(const struct pool_member *);

/*
 * True: the open was refused because the jump box has no resources for another
 * channel of this session.  The member remembers that it is full until one of
 * its channels closes; another session may have room.  False: the open ended
 * otherwise, or the link has no channel that could close.
 */
bool pool_member_mark_full(struct pool_member *, const struct ssh_opened *);

/*
 * How badly a link suits a target, the worst last.
 *
 * FOREIGN: the link carries other targets, and one of the two could stall the
 * other.  sshd resolves a name in the thread that serves the session, which
 * freezes all its channels meanwhile, so a name shares no link where that can
 * be avoided.  Nor does a target that is known to stall its link.
 *
 * CROWDED: the link has many channels, and sshd's work for each event grows
 * with their number.  For a target that does not answer one channel is a crowd:
 * its link may have to be retired, which is easy only for an empty one.
 */
enum pool_cost {
	POOL_COST_NONE,
	POOL_COST_CROWDED,
	POOL_COST_FOREIGN,
	POOL_COST_FOREIGN_CROWDED,
};

enum pool_cost pool_member_cost(const struct pool_member *,
    const struct pool_target *);

/*
 * Open a stream for `user`, who gives up at `by_ms`; the link has a free slot.
 * The open is late after `patience_ms`.
 */
void pool_member_open(struct pool_member *, struct pool_target *,
    const struct originator *, int64_t patience_ms, int64_t by_ms, void *user);

/* The open is not answered, and overdue_ms or late_ms has passed. */
bool pool_member_is_overdue(const struct pool_member *);
bool pool_member_is_late(const struct pool_member *);

/* The target could be the reason why the link is silent. */
bool pool_member_may_stall(const struct pool_member *);

/* The link is silent since its open became overdue, and that could be so. */
bool pool_member_is_stalled(const struct pool_member *);

/* The open is late although the jump box lives: the target is a suspect. */
void pool_member_blame_target(struct pool_member *);

/* Mark the targets that this member remembers as needed. */
void pool_member_mark_targets(const struct pool_member *);

/* Forget an open that has ended, and the targets once no channel is left. */
void pool_member_tidy(struct pool_member *);

#endif
