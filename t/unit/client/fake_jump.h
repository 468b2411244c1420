/* SPDX-License-Identifier: PostgreSQL */

/*
 * A jump in place of jump/jump.c.  It keeps one request until the test answers
 * it.
 */
#ifndef FAKE_JUMP_H
#define FAKE_JUMP_H

#include "base/fault.h"
#include "jump/jump.h"

struct jump {
	unsigned opened, dropped;
	struct originator originator; /* of the last request */
	int64_t deadline_ms;
	bool was_cancel;
	jump_answer_fn *answer; /* NULL: there is no request */
	void *arg;
};

void fake_jump_accept(struct jump *, struct stream *take);
void fake_jump_refuse(struct jump *, const struct fault *);

#endif
