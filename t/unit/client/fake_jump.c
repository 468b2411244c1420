/* SPDX-License-Identifier: PostgreSQL */

/*
 * The test answers the requests of jump/jump.h, one at a time.  The functions
 * that a worker calls are here for the linker only.
 */
#include "fake_jump.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

struct jump *
jump_open(struct event_base *base, struct config *cfg,
    const struct config_jump *settings, struct jump_box *box,
    struct mailbox *of_worker, struct jump *outer)
{
	(void)outer, (void)base, (void)cfg, (void)settings, (void)box,
	    (void)of_worker;
	abort();
}

void
jump_turn(struct jump *jump)
{
	(void)jump;
	abort();
}

void
jump_close(struct jump *jump)
{
	(void)jump;
	abort();
}

/* A request is the jump itself: there is only one. */
struct jump_request *
jump_request_open(struct jump *jump, const struct config_connection *connection,
    const struct originator *originator, int64_t deadline_ms, bool is_cancel,
    jump_answer_fn *answer, void *arg)
{
	(void)connection;
	assert(jump->answer == NULL);
	jump->opened++;
	jump->originator = *originator;
	jump->deadline_ms = deadline_ms;
	jump->was_cancel = is_cancel;
	jump->answer = answer;
	jump->arg = arg;
	return (struct jump_request *)jump;
}

void
jump_request_drop(struct jump_request *request)
{
	struct jump *jump = (struct jump *)request;

	assert(jump->answer != NULL);
	jump->dropped++;
	jump->answer = NULL;
}

static void
answer(struct jump *jump, struct stream *take, const struct fault *fault)
{
	jump_answer_fn *fn = jump->answer;

	assert(fn != NULL);
	jump->answer = NULL;
	fn(jump->arg, take, fault);
}

void
fake_jump_accept(struct jump *jump, struct stream *take)
{
	answer(jump, take, NULL);
}

void
fake_jump_refuse(struct jump *jump, const struct fault *fault)
{
	answer(jump, NULL, fault);
}
