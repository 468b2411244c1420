/* SPDX-License-Identifier: PostgreSQL */

/*
 * Which of a pool's links suits a database, which suits nobody any more, and
 * whether the database may be tried at all.  It asks and compares; the pool
 * acts.
 */
#ifndef PGJUMP_JUMP_POOL_CHOICE_H
#define PGJUMP_JUMP_POOL_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool_member;
struct pool_members;
struct pool_target;

/*
 * Of the links with a free slot the one that suits best; NULL: there is none.
 */
struct pool_member *pool_choice_best(const struct pool_members *,
    const struct pool_target *);

/*
 * Another link that suits no worse has far fewer channels, and is only busy
 * for a moment.
 */
bool pool_choice_is_tilted(const struct pool_members *,
    const struct pool_target *, const struct pool_member *best);

/* A link that suits is only busy for a moment. */
bool pool_choice_is_worth_waiting(const struct pool_members *,
    const struct pool_target *);

/*
 * A better link than `best` is being dialled.  Is it worth the wait, for a
 * client who has waited for `waited_ms` and can spare `spare_ms` more?  For a
 * moment it is; and for all that can be spared where an open on `best` might
 * freeze the link's other users.
 */
bool pool_choice_is_better_awaited(const struct pool_members *,
    const struct pool_target *, const struct pool_member *best,
    int64_t waited_ms, int64_t spare_ms);

size_t pool_choice_live_links(const struct pool_members *);
size_t pool_choice_free_slots(const struct pool_members *);

/*
 * May a target have one more slot, which it might keep for long?  A database
 * that is known to answer may have any, and one that was never asked a single
 * one.  One that did not answer has two at most as long as one of them is not
 * stale (pool_choice_stale()), and neither the last slot of a full pool nor a
 * link whose other users it would freeze.
 */
enum pool_claim {
	POOL_CLAIM_GRANTED,
	POOL_CLAIM_RISKED, /* not unless it is time to try a suspect again */
	POOL_CLAIM_DENIED,
};

/*
 * `best` as pool_choice_best() says; `is_scarce`: there will be no more links,
 * and others may want these.
 */
enum pool_claim pool_choice_claim(const struct pool_members *,
    const struct pool_target *, const struct pool_member *best, bool is_scarce);

/*
 * Where all opens of a target are so old that a new one is likely to be
 * answered first: of the links that they alone keep, and that nobody waits for,
 * the one with the eldest; NULL: there is none.
 */
struct pool_member *pool_choice_stale(const struct pool_members *,
    const struct pool_target *);

/*
 * Where every link carries what a target would stall that has no open: the one
 * with the fewest channels; NULL: there is none.
 */
struct pool_member *pool_choice_in_the_way(const struct pool_members *,
    const struct pool_target *);

/*
 * The last of the links that nobody has used for a while, unless it is the only
 * one that no target is known to stall; NULL: there is none.
 */
struct pool_member *pool_choice_spare(const struct pool_members *);

/* Every slot is held by a database that did not answer. */
bool pool_choice_is_blocked(const struct pool_members *);

/*
 * Of the links that are alive, but whose slot is held up by a database that
 * does not answer, the one with the fewest channels; NULL: there is none.
 */
struct pool_member *pool_choice_held_up(const struct pool_members *);

#endif
