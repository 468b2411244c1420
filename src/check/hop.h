/* SPDX-License-Identifier: PostgreSQL */

/*
 * An outer hop of a walk: a link of its own, and what it carries for the next
 * hop.  The link is dialled in the thread of the caller, and then lives in one
 * of its own, so that the next hop can be dialled by blocking calls.
 */
#ifndef PGJUMP_CHECK_HOP_H
#define PGJUMP_CHECK_HOP_H

#include "base/failure.h"

struct check_carrier;
struct check_hop;
struct check_task;
struct config_jump;
struct dial;
struct fault;

/*
 * The hop on the way to `inner`, its innermost outer jump box, itself reached
 * through `outer`, or NULL.  `task` is that of the walk; everything is borrowed
 * while the hop lives.
 */
struct check_hop *check_hop_new(const struct check_task *,
    const struct config_jump *inner, struct check_carrier *outer);

/* Log in by `dial`, whose `reach` is set here; on FAIL_NONE its thread runs. */
enum failure check_hop_dial(struct check_hop *, const struct dial *,
    struct fault *);

/* What the next hop asks. */
struct check_carrier *check_hop_carrier(struct check_hop *);

/* End the thread, and close the link; NULL is fine. */
void check_hop_free(struct check_hop *);

#endif
