/* SPDX-License-Identifier: PostgreSQL */

/*
 * Reads the configuration again and goes over to it, or leaves everything as it
 * was.  The file is read and judged in a thread of its own, beside the one in
 * use.  All calls are for the main thread.
 */
#ifndef PGJUMP_COMMAND_RELOAD_H
#define PGJUMP_COMMAND_RELOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct activation;
struct event_base;
struct reload;
struct shared;

/* Who asks. */
enum reload_by {
	RELOAD_BY_SIGNAL,
	RELOAD_BY_COMMAND,
	RELOAD_BY_WATCH, /* a file has changed: it may be half written */
};

struct reload_verdict {
	bool is_accepted;
	/*
	 * Refused: every error, a line each.  Accepted: what has changed, then
	 * warnings, a line each.  Lines of a file begin "FILE:LINE:COLUMN: ".
	 */
	const char *text;
	int64_t at_s; /* seconds since the Epoch */
};

/* The verdict is gone when this returns. */
typedef void reload_verdict_fn(void *arg, const struct reload_verdict *);

struct reload_setup {
	struct event_base *base;
	struct shared *shared;               /* in use; referenced */
	const char *admin;                   /* see config_http_set_admin() */
	const struct activation *activation; /* NULL: no inherited sockets */
	/*
	 * Go over to what follows, in one step.  False: nothing has changed,
	 * and each reason is a line on `errors`.
	 */
	bool (*apply)(void *arg, struct shared *next, FILE *errors);
	void (*on_begin)(void *arg); /* of a reload */
	/* Every verdict, whoever asked. */
	reload_verdict_fn *on_verdict;
	void *arg;
};

struct reload *reload_open(const struct reload_setup *);

/*
 * Reload soon.  Whoever asks while a reload runs is answered by the next one,
 * because the file may have changed since this one read it.  `on_verdict` may
 * be NULL.
 */
void reload_ask(struct reload *, enum reload_by, reload_verdict_fn *on_verdict,
    void *arg);

/* The verdict on the last reload; NULL: there was none. */
const struct reload_verdict *reload_last(const struct reload *);

/*
 * Waits for the thread, which gives up soon.  Whoever has asked gets a refusal.
 * NULL is fine.
 */
void reload_close(struct reload *);

#endif
