/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whether the jump box lives, judged from all links of a pool, so that its
 * silence is never blamed on a database.
 */
#ifndef PGJUMP_JUMP_POOL_LIFE_H
#define PGJUMP_JUMP_POOL_LIFE_H

#include <stdbool.h>
#include <stdint.h>

struct pool_member;
struct pool_members;

/* The shortest round trip of a live link; 0: none is measured yet. */
int64_t pool_life_rtt_us(const struct pool_members *);

/* When a link last heard the jump box (base/clock.h); 0: there is no link. */
int64_t pool_life_heard_ms(const struct pool_members *);

/* Every link was asked for a sign of life, and none has given one. */
bool pool_life_is_mute(const struct pool_members *);

/* Ask every link that was not heard since `since_ms` for a sign of life. */
void pool_life_ask(const struct pool_members *, int64_t since_ms);

/* The jump box was heard after the open of `opener` became overdue. */
bool pool_life_was_heard(const struct pool_members *,
    const struct pool_member *opener);

/*
 * For each link that is silent, perhaps because of its target, ask the others
 * for a sign of life.  Returns a silent link for which there is no other to
 * ask; NULL: there is none.
 */
struct pool_member *pool_life_ask_others(const struct pool_members *);

/*
 * As long as another link hears the jump box, keep a link that its target
 * stalls until the jump box has given up the attempt to connect.
 */
void pool_life_bear(const struct pool_members *);

/*
 * Blame the targets whose opens are late while the jump box lives.  Returns
 * whether there was one.
 */
bool pool_life_blame_targets(struct pool_members *);

#endif
