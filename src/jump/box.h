/* SPDX-License-Identifier: PostgreSQL */

/*
 * What the workers share of a jump box: how many links there are, whether
 * one may be dialled now, when the next try is due, and the cause that the
 * last one left.  One mutex; any thread.
 */
#ifndef PGJUMP_JUMP_BOX_H
#define PGJUMP_JUMP_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "ssh/dial.h"

struct config_jump;
struct jump_box;
struct jump_news;
struct resolver;

/*
 * `jump` is NULL for the connections without tunnel; borrowed.  At most
 * `max_links` links at a time, shared out over `workers`: each may have its
 * share, and one at least.
 */
struct jump_box *jump_box_new(const struct config_jump *jump,
    unsigned max_links, unsigned workers);
void jump_box_free(struct jump_box *); /* after every worker has gone */

const struct config_jump *jump_box_config(const struct jump_box *);
struct resolver *jump_box_resolver(struct jump_box *);

/* How many links one worker may have. */
size_t jump_box_share(const struct jump_box *);

/* May a link be dialled now? */
enum jump_permit {
	JUMP_PERMIT_DIAL,  /* yes: report with jump_box_dialled() */
	JUMP_PERMIT_BUSY,  /* enough dials are in flight: news will come */
	JUMP_PERMIT_LATER, /* backing off: not before *retry_ms (base/clock.h)
			    */
	JUMP_PERMIT_REST,  /* not before a client comes */
};

/*
 * `has_client`: a client waits for a link.  That ends a sleep whose cause may
 * pass by itself, but not in the first half second after the failure.
 */
enum jump_permit jump_box_ask(struct jump_box *, bool has_client,
    int64_t *retry_ms);

/*
 * The dial that was permitted has ended: FAIL_NONE, or why not.  A dial that
 * was cancelled (FAIL_SHUTDOWN) leaves no trace.
 */
void jump_box_dialled(struct jump_box *, const struct fault *);

/*
 * A link broke `lived_ms` after its login.  It may be dialled again at once,
 * but for the third in a row that lived no longer than a moment: then the jump
 * box lets nobody stay, and that is a failure like any other.  From the second
 * in a row that broke before anybody had used it, none is dialled in advance:
 * sshd ends idle sessions there (UnusedConnectionTimeout).  Links that break
 * with no login in between break together, and count as one.
 */
void jump_box_lost(struct jump_box *, int64_t lived_ms, bool was_used);

/* A dial enters a stage; of type dial.on_stage, any thread. */
void jump_box_enter(void *jump_box, enum dial_stage);

/* A dial is in flight, of whatever worker, and in this stage since then. */
bool jump_box_is_dialling(struct jump_box *, enum dial_stage *,
    int64_t *since_ms);

/*
 * The cause of the last failed dial, with its age, the number of attempts and
 * the next try in DETAIL; false where the last dial succeeded or none ended
 * yet.
 */
bool jump_box_cause(struct jump_box *, struct fault *out);

/*
 * Why there is no link: that cause, else what the dial in flight is waiting
 * for, and for how long.
 */
void jump_box_explain(struct jump_box *, struct fault *out);

/* What the record holds, as a plain value.  Times are of base/clock.h. */
struct jump_box_state {
	unsigned dials;     /* in flight, of all workers */
	unsigned attempts;  /* failed in a row; 0: the last one succeeded */
	struct fault fault; /* of the last failure, also after a success */
	int64_t failed_ms;  /* when that was */
	int64_t retry_ms;   /* the next try, where attempts is not 0 */
};

void jump_box_look(struct jump_box *, struct jump_box_state *out);

/*
 * Backing off because of credentials or host keys: look whether a file that
 * holds one has changed, and if so, end the sleep.  Reads file states, so call
 * it at most every second.
 */
void jump_box_look_at_files(struct jump_box *);

/* What a worker watches to hear of the end of each dial (jump/news.h). */
struct jump_news *jump_box_news(struct jump_box *);

#endif
