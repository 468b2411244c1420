/* SPDX-License-Identifier: PostgreSQL */

/*
 * What a pool does by itself, whoever asks it for links: the turn after its
 * links were read, and what ends or is forgotten.  Private to jump/pool.c.
 */
#ifndef PGJUMP_JUMP_POOL_CARE_H
#define PGJUMP_JUMP_POOL_CARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jump/pool_member.h"
#include "jump/pool_targets.h"

struct config;
struct config_jump;
struct event;
struct event_base;
struct jump_box;
struct pool_dials;
struct transit;

struct pool {
	struct event_base *base;
	struct config *cfg;
	const struct config_jump *jump;
	struct jump_box *box;
	struct pool_members members;
	size_t member_count;
	struct pool_targets targets;
	struct pool_dials *dials;
	struct event *spare; /* the next look at idle links */
	int64_t room_ms;     /* when make_room() last replaced a link */
	int64_t suspect_ms;  /* when a suspect last took a slot from others */
	bool is_leaving;     /* no link is dialled in advance any more */
};

/* The worker's share allows one more link. */
bool pool_care_has_share(const struct pool *);

/* Free links that have ended, and replace those that are stuck. */
void pool_care_turn(struct pool *);

/* Retire links that are not needed any more after a crowd. */
void pool_care_retire_spare(struct pool *);

/* Forget databases to which no connection leads, where they are many. */
void pool_care_forget_targets(struct pool *);

/* A new link, and what carries it, or NULL. */
void pool_care_add_member(struct pool *, struct ssh_link *take,
    struct transit *take_transit);
void pool_care_free_member(struct pool *, struct pool_member *);

#endif
