/* SPDX-License-Identifier: PostgreSQL */

/*
 * The first part of a walk: from this machine to the last jump box, hop by hop.
 */
#ifndef PGJUMP_CHECK_APPROACH_H
#define PGJUMP_CHECK_APPROACH_H

#include <stddef.h>

#include "base/failure.h"
#include "config/hops.h"

struct check_hop;
struct check_state;

/* The outer hops, the first reached first.  Zeroed before a walk. */
struct check_approach {
	struct check_hop *hops[CONFIG_HOPS_MAX - 1];
};

/*
 * Read the secrets of every hop, so that what is wrong with one shows at once,
 * and describe them: "hop 1: key ssh-ed25519 SHA256:...; hop 2: a
 * password".
 */
enum failure check_approach_read_keys(struct check_state *, char *logins,
    size_t size);

/* Log in to every hop; without a jump box there is nothing to do. */
enum failure check_approach_go(struct check_state *);

/* Close the outer hops, after the route or what was made of it. */
void check_approach_end(struct check_approach *);

#endif
