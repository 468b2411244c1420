/* SPDX-License-Identifier: PostgreSQL */

/*
 * What the workers share of a jump box: how many links each may have, whether
 * one may be dialled now, when the next try is due, and why the last one
 * failed.  One mutex; any thread.
 */
#ifndef PGJUMP_JUMP_BOX_H
#define PGJUMP_JUMP_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/histogram.h"
#include "jump/box_counts.h"
#include "ssh/dial.h"

struct config_jump;
struct jump_box;
struct jump_gauge;
struct jump_news;
struct resolver;
struct ssh_link;

/*
 * A record with one reference.  It keeps what it needs of `jump`, which is NULL
 * for the connections without tunnel, so that it may outlive a configuration.
 * Each of the `workers` may have an equal share of `max_links` links, at least
 * one.
 */
struct jump_box *jump_box_new(const struct config_jump *jump,
    unsigned max_links, unsigned workers);

/* It is reached through the jump box `outer`, referenced; before any dial. */
void jump_box_put_behind(struct jump_box *, struct jump_box *outer);
struct jump_box *jump_box_outer(const struct jump_box *); /* NULL: none */

struct jump_box *jump_box_ref(struct jump_box *);
void jump_box_unref(struct jump_box *); /* NULL is fine */

/* Set the limit of links anew; those above it go on until they are idle. */
void jump_box_limit(struct jump_box *, unsigned max_links, unsigned workers);

struct resolver *jump_box_resolver(struct jump_box *);

/* The number of links that one worker may have. */
size_t jump_box_share(struct jump_box *);

/*
 * A link that was made before there were workers, by the code that they dial
 * with.  The first worker takes it instead of dialling, and must run on its
 * event base; NULL: there is none.  Whoever brings it takes it back if no
 * worker did.
 */
void jump_box_bring(struct jump_box *, struct ssh_link *take);

/* No link is wanted in advance: dial when a client comes.  Before there are
 * workers. */
void jump_box_rest(struct jump_box *);
struct ssh_link *jump_box_take_link(struct jump_box *);

/* May a link be dialled now? */
enum jump_permit {
	JUMP_PERMIT_DIAL,  /* yes: report its end by jump_box_dialled() */
	JUMP_PERMIT_BUSY,  /* no: enough dials are in flight; news will come */
	JUMP_PERMIT_LATER, /* no: not before *retry_ms (base/clock.h) */
	JUMP_PERMIT_REST,  /* no: not before a client comes */
};

/*
 * `has_client`: a client waits for a link.  That ends a sleep whose cause may
 * pass by itself, but not in the first half second after the failure.
 */
enum jump_permit jump_box_ask(struct jump_box *, bool has_client,
    int64_t *retry_ms);

/*
 * A dial that was permitted has ended, with FAIL_NONE if it succeeded.  A dial
 * that was cancelled (FAIL_SHUTDOWN) leaves no trace.
 */
void jump_box_dialled(struct jump_box *, const struct fault *);

/* How long a dial took that has ended by itself, well or not. */
void jump_box_took(struct jump_box *, int64_t duration_ms);

/*
 * A link broke `lived_ms` after its login.  A new one may be dialled at once,
 * with two exceptions.  When the third link in a row has lived only a moment,
 * the jump box lets no session stay, which counts as a failed dial.  When the
 * second in a row broke before it was used, no link is dialled in advance any
 * more: sshd ends unused sessions there (UnusedConnectionTimeout).  Links that
 * break with no login in between count as one.  A link that broke because of
 * an outer jump box tells nothing of this one.
 */
void jump_box_lost(struct jump_box *, const struct fault *cause,
    int64_t lived_ms, bool was_used);

/*
 * The outer jump box has a link.  End the sleep after a failure to reach that
 * one.
 */
void jump_box_outer_is_up(struct jump_box *);

/* A dial enters a stage.  Has the type of dial.on_stage; any thread. */
void jump_box_enter(void *jump_box, enum dial_stage);

/*
 * Whether a dial of any worker is in flight, and if so, its stage and when that
 * began.
 */
bool jump_box_is_dialling(struct jump_box *, enum dial_stage *,
    int64_t *since_ms);

/* The record as a plain value.  Times are of base/clock.h. */
struct jump_box_state {
	unsigned dials;     /* in flight, of all workers */
	unsigned attempts;  /* failed in a row; 0: the last one succeeded */
	struct fault fault; /* of the last failure, also after a success */
	int64_t failed_ms;  /* when that was */
	int64_t retry_ms;   /* when the next try is due, if attempts > 0 */
	/* Of all workers, as they were a moment ago. */
	size_t links;    /* live ones, which take new channels */
	size_t channels; /* of all links, retired ones included */
	int64_t rtt_us;  /* the shortest round trip; 0: not measured */
	struct jump_box_counts counts;
};

void jump_box_look(struct jump_box *, struct jump_box_state *out);

/* "up", "dialling", "down" or "not dialled": for the log and the status. */
const char *jump_box_state_word(const struct jump_box_state *);

/* A worker's links count in jump_box_look() while its gauge is here. */
void jump_box_join(struct jump_box *, struct jump_gauge *);
void jump_box_leave(struct jump_box *, struct jump_gauge *);

/* Somebody wants the next try now, whatever the cause of the last failure. */
void jump_box_wake(struct jump_box *);

/*
 * End the sleep after failures when a file with credentials or host keys has
 * changed; returns whether one has.  Calls stat(), so call it once a second at
 * most.  Not for connections without tunnel.
 */
bool jump_box_look_at_files(struct jump_box *);

/* The same, and let the workers dial at once.  For every record. */
void jump_box_try_files(struct jump_box *);

/* What a worker watches to hear of the end of each dial (jump/news.h). */
struct jump_news *jump_box_news(struct jump_box *);

#endif
