/* SPDX-License-Identifier: PostgreSQL */

/*
 * Why there is no link to a jump box.
 */
#ifndef PGJUMP_JUMP_BOX_CAUSE_H
#define PGJUMP_JUMP_BOX_CAUSE_H

#include <stdbool.h>

struct fault;
struct jump_box;

/*
 * The cause of the last failed dial; DETAIL has its age, the number of attempts
 * and the time of the next try.  False: the last dial succeeded, or none has
 * ended yet.
 */
bool jump_box_cause(struct jump_box *, struct fault *out);

/*
 * Why there is no link: the cause of the last failed dial, else what the dial
 * in flight is waiting for, and for how long.
 */
void jump_box_cause_explain(struct jump_box *, struct fault *out);

/* Whether a failure is that of a jump box on the way to this one. */
bool jump_box_cause_is_outer(const struct jump_box *, const struct fault *);

#endif
