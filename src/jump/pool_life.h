/* SPDX-License-Identifier: PostgreSQL */

/*
 * What the links of a pool tell together of the jump box's life, so that its
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

/* When any of the links last heard the jump box (base/clock.h); 0: there is
 * none. */
int64_t pool_life_heard_ms(const struct pool_members *);

/* Every link was asked for a sign of life, and none has given one. */
bool pool_life_is_mute(const struct pool_members *);

/* Ask every link that was not heard since `since_ms` for a sign of life. */
void pool_life_ask(const struct pool_members *, int64_t since_ms);

/* The jump box was heard since the open of `opener` became overdue. */
bool pool_life_was_heard(const struct pool_members *,
    const struct pool_member *opener);

/*
 * While a target may be what stalls a link, ask the others for a sign of life.
 * One that stalls where there is no other that does not; NULL: there is none.
 */
struct pool_member *pool_life_ask_others(const struct pool_members *);

/*
 * A link that a target stalls is not given up before the attempt to connect
 * can have ended, as long as another link is answered.
 */
void pool_life_bear(const struct pool_members *);

/*
 * Blame the targets whose opens are late while the jump box lives; whether
 * there was one.
 */
bool pool_life_blame_targets(struct pool_members *);

#endif
