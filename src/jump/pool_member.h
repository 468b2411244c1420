/* SPDX-License-Identifier: PostgreSQL */

/*
 * One link of a pool, with what it serves and the open it has in flight: what
 * the choice between links is made from.
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

struct pool_member {
	TAILQ_ENTRY(pool_member) entry;
	struct ssh_link *link;
	int64_t born_ms;     /* base/clock.h */
	bool was_used;       /* something was opened through it */
	size_t channels_max; /* as its sshd has said; 0: it has not */
	bool was_loss_told;  /* its loss was told to the jump box's record */
	/* The open in flight. */
	struct pool_target *target; /* NULL: there is none */
	void *user; /* who waits for it; NULL: nobody any more */
	int64_t opened_ms;
	int64_t overdue_ms; /* for its user, who may have little time left */
	int64_t late_ms;    /* for everybody: as late as a target may answer */
	bool is_held_up;    /* late, and the target was found to blame */
	/* What its channels are connected to, until it is idle. */
	const char *name; /* a target given by name */
	bool is_numeric;  /* targets given by address */
	const struct pool_target *first;
	bool is_shared; /* with another target than the first */
	int64_t
	    idle_ms; /* since when nobody uses it (base/clock.h); 0: in use */
};

TAILQ_HEAD(pool_members, pool_member);

/* A link that was just opened.  The pool frees it with its link. */
struct pool_member *pool_member_new(struct ssh_link *take);

/* It may have one channel more, as soon as its slot is free; or now. */
bool pool_member_has_room(const struct pool_member *);
bool pool_member_has_slot(const struct pool_member *);

/*
 * The open was refused since the jump box has no resources for another channel
 * of this session: there is room again when one has gone, and another session
 * may have some.  False: it was not, or there is none that could go.
 */
bool pool_member_mark_full(struct pool_member *, const struct ssh_opened *);

/*
 * How little a link suits a target.  sshd resolves names blockingly, which
 * freezes all channels of a session, so a name and other targets share none
 * where that can be helped, nor do others and a target that stalls its link;
 * sshd's work for each event grows with the number of channels; and the link of
 * a target that does not answer is given up more easily where it carries
 * nothing else.
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
 * Open a stream for `user`, who gives up at `by_ms`; the link has a slot.  The
 * target is late after `patience_ms`.
 */
void pool_member_open(struct pool_member *, struct pool_target *,
    const struct originator *, int64_t patience_ms, int64_t by_ms, void *user);

/* Its open should have been answered if all were well. */
bool pool_member_is_overdue(const struct pool_member *);
bool pool_member_is_late(const struct pool_member *);

/* Its jump box may be silent on this link because of the target alone. */
bool pool_member_may_stall(const struct pool_member *);

/* It is: nothing was heard since its open became overdue. */
bool pool_member_is_stalled(const struct pool_member *);

/* Its open is late although the tunnel is alive. */
void pool_member_blame_target(struct pool_member *);

/* Forget an open that has ended, and what was served where all is closed. */
void pool_member_tidy(struct pool_member *);

#endif
