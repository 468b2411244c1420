/* SPDX-License-Identifier: PostgreSQL */

/*
 * Which of a pool's links suits a database, and which suits nobody any more.
 * It asks and compares; the pool acts.
 */
#ifndef PGJUMP_POOL_CHOICE_H
#define PGJUMP_POOL_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

struct config_connection;
struct pool_member;
struct pool_members;

/* Opens to one database that are in flight, waited for or not. */
struct pool_opens {
	unsigned count, overdue;
};

struct pool_opens pool_opens_of(const struct pool_members *,
    const struct config_connection *);

/* Of the links with a free slot the one that suits best; NULL: there is none.
 */
struct pool_member *pool_choose(const struct pool_members *, const char *host);

/* A link that suits is only busy for a moment. */
bool pool_is_worth_waiting(const struct pool_members *, const char *host);

size_t pool_free_slots(const struct pool_members *);

/*
 * Of the links that are alive, but whose slot is held up by a database that
 * does not answer, the one with the fewest channels; NULL: there is none.
 */
struct pool_member *pool_worst(const struct pool_members *);

#endif
