/* SPDX-License-Identifier: PostgreSQL */

/*
 * When a link must ask its jump box for a sign of life, and when it must be
 * given up.  Pure: times in, verdict out; all in milliseconds of base/clock.h.
 */
#ifndef PGJUMP_SSH_PULSE_H
#define PGJUMP_SSH_PULSE_H

#include <stdbool.h>
#include <stdint.h>

/* A plain value. */
struct ssh_pulse {
	int64_t interval_ms;    /* silence that makes us ask */
	int64_t silence_max_ms; /* silence after asking that is death */
	int64_t doubt_ms;       /* an open unanswered so long makes us ask */
	int64_t asked_ms;       /* when we last asked; 0: never */
	int64_t unanswered_ms;  /* the first time we asked in vain */
	int64_t bear_ms;        /* its silence is no death before this time */
	/* Somebody must know by these times, the first and the last of them,
	 * whether the jump box lives; 0: nobody. */
	int64_t await_ms, await_last_ms;
};

void ssh_pulse_init(struct ssh_pulse *, int64_t interval_ms, unsigned count);

/*
 * The jump box was heard elsewhere at `heard_ms`: silence is no death as long
 * as that is not longer ago than silence may be, nor before `until_ms`.
 */
void ssh_pulse_bear(struct ssh_pulse *, int64_t heard_ms, int64_t until_ms);

enum ssh_pulse_verdict {
	SSH_PULSE_FINE,
	SSH_PULSE_ASK, /* send something that must be answered */
	SSH_PULSE_DEAD,
};

/*
 * `heard_ms`: when the jump box was last heard.  `open_ms`: since when an open
 * is in flight; 0: none is.
 */
enum ssh_pulse_verdict ssh_pulse_look(struct ssh_pulse *, int64_t now_ms,
    int64_t heard_ms, int64_t open_ms);

/* Make it ask where nothing is heard from `by_ms` on. */
void ssh_pulse_await(struct ssh_pulse *, int64_t by_ms);

/* It was asked a while ago, and has not answered. */
bool ssh_pulse_is_mute(const struct ssh_pulse *, int64_t now_ms,
    int64_t heard_ms);

/* Something was sent that must be answered. */
void ssh_pulse_asked(struct ssh_pulse *, int64_t now_ms, int64_t heard_ms);

/* When to look again, given that nothing is heard until then. */
int64_t ssh_pulse_next_ms(const struct ssh_pulse *, int64_t now_ms,
    int64_t heard_ms, int64_t open_ms);

#endif
