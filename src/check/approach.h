/* SPDX-License-Identifier: PostgreSQL */

/*
 * The first part of a walk: from this machine to the last jump box, hop by hop.
 */
#ifndef PGJUMP_CHECK_APPROACH_H
#define PGJUMP_CHECK_APPROACH_H

#include <stddef.h>

#include "base/failure.h"

struct check_state;

/*
 * Read the secrets of every hop, so that what is wrong with one shows at once,
 * and describe them: "hop 1: key ssh-ed25519 SHA256:...; hop 2: a
 * password".
 */
enum failure check_approach_read_keys(struct check_state *, char *logins,
    size_t size);

/* Log in to every hop; without a jump box there is nothing to do. */
enum failure check_approach_go(struct check_state *);

/* Close the outer hops, after the route. */
void check_approach_end(struct check_state *);

#endif
