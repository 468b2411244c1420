/* SPDX-License-Identifier: PostgreSQL */

/*
 * Each question to all workers is a round with a number, which its answers
 * carry: an answer that comes after its round is thrown away.
 */
#include "command/survey.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "base/xmalloc.h"
#include "command/state.h"
#include "command/worker.h"

struct survey {
	struct survey_setup setup;
	struct mailbox *mailbox;
	struct event *patience;
	unsigned round;    /* the last one */
	unsigned awaited;  /* answers; 0: nothing is asked */
	struct state *sum; /* of those that came */
};

/* Travels to a worker and back. */
struct answer {
	struct message message;
	unsigned round;
	struct state *state;
};

static void
on_answer_discard(struct message *message)
{
	struct answer *answer = (struct answer *)message;

	state_free(answer->state);
	free(answer);
}

static struct state *
nothing(const struct survey *survey)
{
	return state_new(survey->setup.jump_count,
	    survey->setup.connection_count);
}

static void
end_round(struct survey *survey)
{
	unsigned silent = survey->awaited;

	survey->awaited = 0;
	event_del(survey->patience);
	survey->setup.on_state(survey->setup.arg, survey->sum, silent);
	state_free(survey->sum);
	survey->sum = NULL;
}

static void
on_answer(struct message *message, void *receiver)
{
	struct answer *answer = (struct answer *)message;
	struct survey *survey = receiver;

	if (survey->awaited > 0 && answer->round == survey->round) {
		state_add(survey->sum, answer->state);
		if (--survey->awaited == 0)
			end_round(survey);
	}
	on_answer_discard(message);
}

static void
on_patience(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	end_round(arg);
}

static void
ask(struct survey *survey, struct worker *worker)
{
	struct answer *answer = xcalloc(1, sizeof *answer);

	answer->message.deliver = on_answer;
	answer->message.discard = on_answer_discard;
	answer->round = survey->round;
	answer->state = nothing(survey);
	worker_look(worker, survey->mailbox, &answer->message, answer->state);
}

void
survey_ask(struct survey *survey)
{
	struct timeval patience = clock_timeval(SURVEY_PATIENCE_MS);

	if (survey->awaited > 0)
		return;
	survey->round++;
	survey->awaited = survey->setup.worker_count;
	survey->sum = nothing(survey);
	for (unsigned i = 0; i < survey->setup.worker_count; i++)
		ask(survey, survey->setup.workers[i]);
	event_add(survey->patience, &patience);
}

void
survey_renew(struct survey *survey, size_t jump_count, size_t connection_count)
{
	if (survey->awaited > 0)
		end_round(survey);
	survey->setup.jump_count = jump_count;
	survey->setup.connection_count = connection_count;
}

struct survey *
survey_open(const struct survey_setup *setup)
{
	struct survey *survey = xcalloc(1, sizeof *survey);

	survey->setup = *setup;
	survey->mailbox = mailbox_new(setup->base, survey);
	survey->patience = loop_event(setup->base, -1, 0, on_patience, survey);
	return survey;
}

void
survey_close(struct survey *survey)
{
	if (survey == NULL)
		return;
	mailbox_close(survey->mailbox);
	mailbox_unref(survey->mailbox);
	event_free(survey->patience);
	state_free(survey->sum);
	free(survey);
}
