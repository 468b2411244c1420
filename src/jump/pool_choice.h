/* SPDX-License-Identifier: PostgreSQL */

/*
 * Which link of a pool suits a database, which one is not needed any more, and
 * whether the database may have a slot at all.  These functions compare; the
 * pool acts.
 */
#ifndef PGJUMP_JUMP_POOL_CHOICE_H
#define PGJUMP_JUMP_POOL_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool_member;
struct pool_members;
struct pool_target;

/* The link with a free slot that suits best; NULL: there is none. */
struct pool_member *pool_choice_best(const struct pool_members *,
    const struct pool_target *);

/*
 * Another link has far fewer channels, suits no worse, and is busy only for a
 * moment.
 */
bool pool_choice_is_tilted(const struct pool_members *,
    const struct pool_target *, const struct pool_member *best);

/* A link without cost is free, or busy only for a moment. */
bool pool_choice_is_worth_waiting(const struct pool_members *,
    const struct pool_target *);

/*
 * A better link than `best` is being dialled.  Should a user wait for it that
 * has waited for `waited_ms` and can spare `spare_ms` more?  Yes, for a moment;
 * and for all of `spare_ms` where an open on `best` might freeze others.
 */
bool pool_choice_is_better_awaited(const struct pool_members *,
    const struct pool_target *, const struct pool_member *best,
    int64_t waited_ms, int64_t spare_ms);

size_t pool_choice_live_links(const struct pool_members *);
size_t pool_choice_free_slots(const struct pool_members *);
size_t pool_choice_channels(const struct pool_members *); /* of all links */

/*
 * May a target have one more slot, which it might keep for long?  A target that
 * answers may always.  One that was never asked may have a single slot.  A
 * suspect may have two, or more once all its opens are stale
 * (pool_choice_stale()); but neither the last slot of a full pool, nor a slot
 * on a link whose other users it might freeze, unless that risk is due again.
 */
enum pool_claim {
	POOL_CLAIM_GRANTED,
	POOL_CLAIM_RISKED, /* only if it is time to try a suspect again */
	POOL_CLAIM_DENIED,
};

/*
 * `best` is that of pool_choice_best().  `is_scarce`: there will be no more
 * links, and other targets may want these.
 */
enum pool_claim pool_choice_claim(const struct pool_members *,
    const struct pool_target *, const struct pool_member *best, bool is_scarce);

/*
 * All opens of a suspect are so old that a new one is likely to be answered
 * first.  Returns the link with the oldest of them, among the links that carry
 * nothing else and whose open nobody waits for; NULL: there is none.
 */
struct pool_member *pool_choice_stale(const struct pool_members *,
    const struct pool_target *);

/*
 * A target that stalls its link has no open, because every link carries other
 * targets.  Returns the link with the fewest channels; NULL: it is not so.
 */
struct pool_member *pool_choice_in_the_way(const struct pool_members *,
    const struct pool_target *);

/*
 * The newest link among those that have been idle for a while.  NULL: there is
 * none, or the pool has no other link that is not stalled.
 */
struct pool_member *pool_choice_spare(const struct pool_members *);

/* Every slot is held by a database that does not answer. */
bool pool_choice_is_blocked(const struct pool_members *);

/*
 * The link with the fewest channels among those that are alive, but whose slot
 * is held by a database that does not answer; NULL: there is none.
 */
struct pool_member *pool_choice_held_up(const struct pool_members *);

#endif
