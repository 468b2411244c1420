/* SPDX-License-Identifier: PostgreSQL */

/*
 * Of a chain, the outermost jump box that has a cause explains those behind it.
 */
#include "jump/box_cause.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/fault.h"
#include "jump/box_record.h"

bool
jump_box_cause_is_outer(const struct jump_box *box, const struct fault *fault)
{
	return fault_is_of_outer(fault, box->named.hop);
}

static void
note_history(const struct jump_box *box, struct fault *fault)
{
	int64_t now_ms = clock_ms(), wait_ms = box->retry_ms - now_ms;

	fault_note(fault, "failed %.1f s ago, attempt %u",
	    (double)(now_ms - box->failed_ms) / 1000, box->attempts);
	if (box->dials > 0)
		fault_note(fault, "the next try is under way");
	else if (wait_ms > 0)
		fault_note(fault, "next try in %.1f s", (double)wait_ms / 1000);
	else
		fault_note(fault, "next try now");
}

/*
 * What an outer jump box remembers itself is fresher than what was heard of it
 * here.
 */
bool
jump_box_cause(struct jump_box *box, struct fault *out)
{
	bool has_failed, is_outer;

	pthread_mutex_lock(&box->mutex);
	is_outer = box->attempts > 0 &&
	    jump_box_cause_is_outer(box, &box->fault);
	pthread_mutex_unlock(&box->mutex);
	if (is_outer && jump_box_cause(box->outer, out))
		return true;
	pthread_mutex_lock(&box->mutex);
	has_failed = box->attempts > 0;
	if (has_failed) {
		*out = box->fault;
		note_history(box, out);
	}
	pthread_mutex_unlock(&box->mutex);
	return has_failed;
}

/* The dial waits for the outer jump box, which has no link yet. */
static bool
is_waiting_for_outer(struct jump_box *box, enum dial_stage stage)
{
	bool is_waiting;

	if (box->outer == NULL || stage != DIAL_CONNECT)
		return false;
	pthread_mutex_lock(&box->outer->mutex);
	is_waiting = box->outer->dials > 0 && !box->outer->is_proved;
	pthread_mutex_unlock(&box->outer->mutex);
	return is_waiting;
}

void
jump_box_cause_explain(struct jump_box *box, struct fault *out)
{
	enum dial_stage stage;
	int64_t since_ms;

	if (jump_box_cause(box, out))
		return;
	pthread_mutex_lock(&box->mutex);
	stage = box->stage;
	since_ms = box->stage_ms;
	pthread_mutex_unlock(&box->mutex);
	if (is_waiting_for_outer(box, stage)) {
		jump_box_cause_explain(box->outer, out);
		return;
	}
	fault_set(out, dialing_stage_timeout(stage), "%s",
	    clock_text(clock_ms() - since_ms).text);
	fault_name_as(out, &box->named);
	fault_note(out, "the tunnel is still being set up");
}
