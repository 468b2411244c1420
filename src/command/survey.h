/* SPDX-License-Identifier: PostgreSQL */

/*
 * Asks every worker what it knows and adds up the answers.  It does not wait
 * long: workers that do not answer in time are counted instead.  All calls are
 * for the main thread.
 */
#ifndef PGJUMP_COMMAND_SURVEY_H
#define PGJUMP_COMMAND_SURVEY_H

#include <stddef.h>

struct event_base;
struct state;
struct survey;
struct worker;

/* A worker answers within a turn of its loop, unless the machine is overloaded;
 * then an incomplete answer now helps more than a complete one later. */
#define SURVEY_PATIENCE_MS 1000

/* Borrowed until survey_close(). */
struct survey_setup {
	struct event_base *base;
	struct worker *const *workers;
	unsigned worker_count;
	size_t jump_count, connection_count; /* see state_new() */
	/* Called with the answer; `silent` workers are missing from the sum. */
	void (*on_state)(void *arg, const struct state *sum, unsigned silent);
	void *arg;
};

struct survey *survey_open(const struct survey_setup *);
void survey_close(struct survey *); /* after every worker has gone */

/*
 * What is asked from now on has these counts, because the workers were told to
 * go over to another configuration.  An answer that is awaited is given before
 * this returns, as far as it has come.
 */
void survey_renew(struct survey *, size_t jump_count, size_t connection_count);

/* Leads to one answer, as do all further calls before that answer. */
void survey_ask(struct survey *);

#endif
