/* SPDX-License-Identifier: PostgreSQL */

/*
 * What the workers share of one jump box: how many links there are, whether
 * one may be dialled now, when the next try is due, and the cause that the
 * last one left.  One mutex; any thread.
 */
#ifndef PGJUMP_JUMP_BOX_H
#define PGJUMP_JUMP_BOX_H

#include <stdbool.h>
#include <stdint.h>

struct config_jump;
struct jump_box;

/* `jump` is NULL for the connections without tunnel; borrowed. */
struct jump_box *jump_box_new(
    const struct config_jump *jump, unsigned max_links);
void jump_box_free(struct jump_box *); /* after every worker has gone */

#endif
