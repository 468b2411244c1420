/* SPDX-License-Identifier: PostgreSQL */

/*
 * Asks every worker what it knows and adds up the answers.  It waits for
 * workers for a moment only: who does not answer is counted, and the others'
 * sum is what there is.  All calls are for the main thread.
 */
#ifndef PGJUMP_COMMAND_SURVEY_H
#define PGJUMP_COMMAND_SURVEY_H

#include <stddef.h>

struct event_base;
struct state;
struct survey;
struct worker;

/* How long workers have to answer. */
#define SURVEY_PATIENCE_MS 1000

/* Borrowed until survey_close(). */
struct survey_setup {
	struct event_base *base;
	struct worker *const *workers;
	unsigned worker_count;
	size_t jump_count, connection_count; /* see state_new() */
	/* The answer: `silent` workers are missing from the sum. */
	void (*on_state)(void *arg, const struct state *sum, unsigned silent);
	void *arg;
};

struct survey *survey_open(const struct survey_setup *);
void survey_close(struct survey *); /* after every worker has gone */

/* One answer will come, also to calls which come before it. */
void survey_ask(struct survey *);

#endif
