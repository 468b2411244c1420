/* SPDX-License-Identifier: PostgreSQL */

/*
 * Which jump box of a chain a failure is about, and what it forwards to.
 */
#ifndef PGJUMP_CHECK_BLAMED_H
#define PGJUMP_CHECK_BLAMED_H

#include <stdbool.h>

struct check_state;
struct config_jump;

/* The one that the fault names, else that of the hop in progress; or NULL. */
const struct config_jump *check_blamed_jump(const struct check_state *);

/* It is not the last one: what it forwards to is the next one. */
bool check_blamed_is_outer(const struct check_state *);

/* "10.0.2.45:5432": the database, or the SSH server of the next hop. */
const char *check_blamed_target(const struct check_state *);

#endif
