/* SPDX-License-Identifier: PostgreSQL */

/*
 * The same questions that a probe asks, again and again.  That nobody answers
 * is an answer to wait for, too: pgjump may be starting.
 */
#include "command/wait.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/command_line.h"
#include "base/xmalloc.h"
#include "command/running.h"
#include "config/options.h"
#include "config/value.h"
#include "http/ask.h"

#define MAX_DEFAULT "30s"
/* Short beside what a start or a dial takes. */
#define PAUSE_MS 100
/* One question; a pgjump that lives answers in milliseconds. */
#define ASK_MS 5000

enum verdict {
	VERDICT_YES,
	VERDICT_NOT_YET,
	VERDICT_NEVER, /* such as an unknown name */
};

struct waiting {
	struct running running;
	int64_t deadline_ms;
	char why[RUNNING_ERROR_MAX]; /* not yet */
};

/* The first line of an answer is what a person reads. */
static void
keep_reason(struct waiting *waiting, const struct http_reply *reply)
{
	snprintf(waiting->why, sizeof waiting->why, "%.*s",
	    (int)strcspn(reply->body, "\n"), reply->body);
}

static enum verdict
ask(struct waiting *waiting, const char *target)
{
	int64_t by_ms = clock_earlier(waiting->deadline_ms,
	    clock_ms() + ASK_MS);
	struct http_reply reply;
	enum verdict verdict;

	/* The last question is asked even if no time is left for it. */
	if (by_ms < clock_ms() + PAUSE_MS)
		by_ms = clock_ms() + PAUSE_MS;
	if (!running_ask(&waiting->running, true, "GET", target, by_ms, &reply,
		waiting->why, sizeof waiting->why))
		return VERDICT_NOT_YET;
	verdict = reply.status == 200 ? VERDICT_YES
	    : reply.status == 503     ? VERDICT_NOT_YET
				      : VERDICT_NEVER;
	keep_reason(waiting, &reply);
	http_ask_clear(&reply);
	return verdict;
}

static enum verdict
ask_until(struct waiting *waiting, const char *target)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000 };
	enum verdict verdict;

	while ((verdict = ask(waiting, target)) == VERDICT_NOT_YET &&
	    clock_ms() < waiting->deadline_ms)
		nanosleep(&pause, NULL);
	return verdict;
}

static enum verdict
ask_all(struct waiting *waiting, const struct command_line *line)
{
	enum verdict verdict = ask_until(waiting, "/startup");

	if (verdict == VERDICT_YES && line->names[0] == NULL && line->tunnels)
		return ask_until(waiting, "/readiness?tunnels=all");
	for (char *const *name = line->names;
	     verdict == VERDICT_YES && *name != NULL; name++) {
		char *target = xasprintf("/readiness?tunnels=all&connection=%s",
		    *name);

		verdict = ask_until(waiting, target);
		free(target);
	}
	return verdict;
}

/* Names go into a query as they are. */
static bool
are_names(char *const *names)
{
	for (; *names != NULL; names++)
		if (!config_value_is_name(*names)) {
			fprintf(stderr,
			    "pgjump: \"%s\" is not the name of a connection\n",
			    *names);
			return false;
		}
	return true;
}

static bool
read_max(const struct command_line *line, int64_t *max_ms)
{
	static const struct option rule = { .type = OPTION_DURATION,
		.max = 24 * 3600 * (int64_t)1000 };
	const char *text = line->timeout != NULL ? line->timeout : MAX_DEFAULT;
	char expected[80];

	if (config_value_parse(&rule, text, max_ms) == VALUE_GOOD)
		return true;
	config_value_expected(&rule, expected, sizeof expected);
	fprintf(stderr, "pgjump: --max \"%s\" is not %s\n", text, expected);
	return false;
}

int
command_wait_run(const struct command_line *line)
{
	struct waiting waiting = { .why = "" };
	enum verdict verdict;
	int64_t max_ms;

	if (!are_names(line->names) || !read_max(line, &max_ms))
		return 1;
	waiting.running = running_find(line);
	waiting.deadline_ms = clock_ms() + max_ms;
	verdict = ask_all(&waiting, line);
	running_close(&waiting.running);
	if (verdict == VERDICT_NOT_YET)
		fprintf(stderr, "pgjump: not within %s: %s\n",
		    clock_text(max_ms).text, waiting.why);
	else if (verdict == VERDICT_NEVER)
		fprintf(stderr, "pgjump: %s\n", waiting.why);
	return verdict == VERDICT_YES ? 0 : 1;
}
