/* SPDX-License-Identifier: PostgreSQL */

/*
 * One call at a time: the caller sleeps until it is answered, which the thread
 * of the carrier does by its own deadlines.
 */
#include "check/carrier.h"

#include <stddef.h>

static void
on_discard(struct message *message)
{
	check_carrier_end((struct check_carrier *)message);
}

void
check_carrier_init(struct check_carrier *carrier, struct mailbox *mailbox,
    void (*on_call)(struct message *, void *receiver))
{
	*carrier = (struct check_carrier){
		.message = { .deliver = on_call, .discard = on_discard },
		.mailbox = mailbox,
		.fd = -1,
	};
	pthread_mutex_init(&carrier->mutex, NULL);
	pthread_cond_init(&carrier->answered, NULL);
}

void
check_carrier_clear(struct check_carrier *carrier)
{
	pthread_cond_destroy(&carrier->answered);
	pthread_mutex_destroy(&carrier->mutex);
}

/* False: nobody answers any more. */
static bool
make(struct check_carrier *carrier, enum check_call call)
{
	bool has_ended;

	pthread_mutex_lock(&carrier->mutex);
	has_ended = carrier->has_ended;
	carrier->call = call;
	carrier->fd = -1;
	carrier->silent = NULL;
	carrier->fault = (struct fault){ 0 };
	pthread_mutex_unlock(&carrier->mutex);
	if (has_ended)
		return false;
	mailbox_post(carrier->mailbox, &carrier->message);
	pthread_mutex_lock(&carrier->mutex);
	while (carrier->call != CHECK_CALL_NONE && !carrier->has_ended)
		pthread_cond_wait(&carrier->answered, &carrier->mutex);
	has_ended = carrier->has_ended;
	pthread_mutex_unlock(&carrier->mutex);
	return !has_ended;
}

enum failure
check_carrier_reach(void *arg, int *fd_out, struct fault *fault)
{
	struct check_carrier *carrier = arg;

	if (!make(carrier, CHECK_CALL_REACH))
		return fault_set_code(fault, FAIL_SHUTDOWN);
	*fd_out = carrier->fd;
	return fault_adopt(fault, &carrier->fault);
}

const struct config_jump *
check_carrier_silent_jump(struct check_carrier *carrier)
{
	return make(carrier, CHECK_CALL_LIFE) ? carrier->silent : NULL;
}

bool
check_carrier_is_broken(struct check_carrier *carrier, struct fault *out)
{
	bool is_broken;

	pthread_mutex_lock(&carrier->mutex);
	is_broken = carrier->broken.code != FAIL_NONE;
	if (is_broken)
		*out = carrier->broken;
	pthread_mutex_unlock(&carrier->mutex);
	return is_broken;
}

void
check_carrier_answer(struct check_carrier *carrier)
{
	pthread_mutex_lock(&carrier->mutex);
	carrier->call = CHECK_CALL_NONE;
	pthread_cond_signal(&carrier->answered);
	pthread_mutex_unlock(&carrier->mutex);
}

void
check_carrier_break(struct check_carrier *carrier, const struct fault *cause)
{
	pthread_mutex_lock(&carrier->mutex);
	fault_adopt(&carrier->broken, cause);
	pthread_mutex_unlock(&carrier->mutex);
}

void
check_carrier_end(struct check_carrier *carrier)
{
	pthread_mutex_lock(&carrier->mutex);
	carrier->has_ended = true;
	pthread_cond_signal(&carrier->answered);
	pthread_mutex_unlock(&carrier->mutex);
}
