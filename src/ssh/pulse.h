/* SPDX-License-Identifier: PostgreSQL */

/*
 * When a link must ask its jump box for a sign of life, and when to give it up.
 * Pure: times in, verdict out, all in milliseconds of base/clock.h.
 */
#ifndef PGJUMP_SSH_PULSE_H
#define PGJUMP_SSH_PULSE_H

#include <stdbool.h>
#include <stdint.h>

/* A plain value. */
struct ssh_pulse {
	int64_t interval_ms;    /* ask after this much silence */
	int64_t silence_max_ms; /* give up after this much, once asked */
	int64_t doubt_ms; /* ask when an open is unanswered for this long */
	int64_t asked_ms; /* when we last asked; 0: never */
	int64_t unanswered_ms; /* when we first asked without an answer */
	int64_t bear_ms;       /* do not give up before this time */
	/*
	 * The earliest and the latest time by which some user must know whether
	 * the jump box lives; 0: no user waits.
	 */
	int64_t await_ms, await_last_ms;
};

void ssh_pulse_init(struct ssh_pulse *, int64_t interval_ms, unsigned count);

/*
 * The jump box was heard on another link at `heard_ms`.  Do not give up before
 * the longest silence has passed since then, or before `until_ms`, whichever
 * comes first.
 */
void ssh_pulse_bear(struct ssh_pulse *, int64_t heard_ms, int64_t until_ms);

enum ssh_pulse_verdict {
	SSH_PULSE_FINE,
	SSH_PULSE_ASK, /* send something that must be answered */
	SSH_PULSE_DEAD,
};

/*
 * `heard_ms` is when the jump box was last heard, `open_ms` since when an open
 * has been in flight; 0: none is.
 */
enum ssh_pulse_verdict ssh_pulse_look(struct ssh_pulse *, int64_t now_ms,
    int64_t heard_ms, int64_t open_ms);

/* Make it ask if nothing is heard from `by_ms` on. */
void ssh_pulse_await(struct ssh_pulse *, int64_t by_ms);

/* A question has been unanswered for a while. */
bool ssh_pulse_is_mute(const struct ssh_pulse *, int64_t now_ms,
    int64_t heard_ms);

/* Something that must be answered was sent. */
void ssh_pulse_asked(struct ssh_pulse *, int64_t now_ms, int64_t heard_ms);

/* When to look again if nothing is heard until then. */
int64_t ssh_pulse_next_ms(const struct ssh_pulse *, int64_t now_ms,
    int64_t heard_ms, int64_t open_ms);

#endif
