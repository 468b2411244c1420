/* SPDX-License-Identifier: PostgreSQL */

/*
 * One connection checked for a command that uses it next: the walk of `pgjump
 * check`, of which nothing is shown if it goes well, and whose session with the
 * jump box is kept.
 */
#ifndef PGJUMP_CHECK_WAY_H
#define PGJUMP_CHECK_WAY_H

#include <stdbool.h>

#include "check/talk.h"

struct check_way_outer;
struct config;
struct config_connection;
struct event_base;
struct ssh_link;

/* What is left of a walk that went well. */
struct check_way {
	struct event_base *base;       /* no thread runs it any more */
	struct ssh_link *link;         /* on that base; NULL: without tunnel */
	struct check_way_outer *outer; /* what carries the link; or NULL */
};

/*
 * A person at a terminal is asked what may help, and the walk repeated
 * (check/ask.h).  Returns 0, and *out is the caller's; or the exit code of a
 * walk that failed, after its report was printed on stderr; or 128 plus the
 * number of the signal that ended it.  Call check_way_prepare() first.  A
 * signal may end the program here, when the walk does not hear it.
 */
int check_way_walk(struct config *, const struct config_connection *,
    const struct check_talk_signals *, struct check_way *out);

/* Whether a person can be asked: see config_load(). */
bool check_way_may_ask(void);

/* Close the outer jump boxes, after the link.  Zeroed is fine. */
void check_way_end(struct check_way *);

/* Remove the variables that would steer libpq; before there are threads. */
void check_way_prepare(void);

#endif
