/* SPDX-License-Identifier: PostgreSQL */

/*
 * Two rules.  A link that was silent for an interval is asked, and is dead when
 * nothing at all comes for interval x count after that.  A link is also asked
 * when an open is overdue, or an answer of a database, so that the silence of
 * the jump box can be told from that of the database.
 */
#include "ssh/pulse.h"

#include "base/clock.h"

/* Interval between repeated questions while an open goes unanswered. */
#define ASK_AGAIN_MS 2000
/* Interval between attempts to ask when nothing could be sent. */
#define TRY_AGAIN_MS 200
/*
 * We store only the earliest and the latest deadline of those who wait.
 * Between them a quiet link is asked again at this interval.
 */
#define AWAIT_STEP_MS 200
/* A jump box that has not answered a question for this long counts as mute. */
#define MUTE_MS 500

void
ssh_pulse_init(struct ssh_pulse *pulse, int64_t interval_ms, unsigned count)
{
	*pulse = (struct ssh_pulse){
		.interval_ms = interval_ms,
		.silence_max_ms = interval_ms * (int64_t)count,
	};
}

void
ssh_pulse_bear(struct ssh_pulse *pulse, int64_t heard_ms, int64_t until_ms)
{
	pulse->bear_ms = clock_earlier(until_ms,
	    heard_ms + pulse->silence_max_ms);
}

static bool
is_awaited(const struct ssh_pulse *pulse, int64_t heard_ms)
{
	return pulse->asked_ms > heard_ms;
}

/* The open is overdue, and the jump box was not heard since it became so. */
static bool
is_doubtful(const struct ssh_pulse *pulse, int64_t now_ms, int64_t heard_ms,
    int64_t open_ms)
{
	return open_ms > 0 && now_ms >= open_ms + pulse->doubt_ms &&
	    heard_ms < open_ms + pulse->doubt_ms &&
	    (!is_awaited(pulse, heard_ms) ||
		now_ms >= pulse->asked_ms + ASK_AGAIN_MS);
}

void
ssh_pulse_await(struct ssh_pulse *pulse, int64_t by_ms)
{
	if (pulse->await_ms == 0 || by_ms < pulse->await_ms)
		pulse->await_ms = by_ms;
	if (by_ms > pulse->await_last_ms)
		pulse->await_last_ms = by_ms;
}

/*
 * Move past the deadlines by which the jump box was heard or asked.  True: one
 * is left, so it has to be asked now.
 */
static bool
skip_answered(struct ssh_pulse *pulse, int64_t now_ms, int64_t heard_ms)
{
	while (pulse->await_ms > 0 && now_ms >= pulse->await_ms) {
		if (heard_ms < pulse->await_ms &&
		    pulse->asked_ms < pulse->await_ms)
			return true;
		pulse->await_ms = pulse->await_last_ms > pulse->await_ms
		    ? clock_earlier(pulse->await_ms + AWAIT_STEP_MS,
			  pulse->await_last_ms)
		    : 0;
	}
	return false;
}

bool
ssh_pulse_is_mute(const struct ssh_pulse *pulse, int64_t now_ms,
    int64_t heard_ms)
{
	return is_awaited(pulse, heard_ms) &&
	    now_ms - pulse->asked_ms >= MUTE_MS;
}

/* Repeating a question does not restart the wait for death. */
void
ssh_pulse_asked(struct ssh_pulse *pulse, int64_t now_ms, int64_t heard_ms)
{
	if (!is_awaited(pulse, heard_ms))
		pulse->unanswered_ms = now_ms;
	pulse->asked_ms = now_ms;
}

/* When a silence that began with a question means death. */
static int64_t
death_ms(const struct ssh_pulse *pulse)
{
	int64_t due_ms = pulse->unanswered_ms + pulse->silence_max_ms;

	return due_ms > pulse->bear_ms ? due_ms : pulse->bear_ms;
}

enum ssh_pulse_verdict
ssh_pulse_look(struct ssh_pulse *pulse, int64_t now_ms, int64_t heard_ms,
    int64_t open_ms)
{
	if (is_awaited(pulse, heard_ms) && now_ms >= death_ms(pulse) &&
	    now_ms >= heard_ms + pulse->silence_max_ms)
		return SSH_PULSE_DEAD;
	if (skip_answered(pulse, now_ms, heard_ms) ||
	    is_doubtful(pulse, now_ms, heard_ms, open_ms))
		return SSH_PULSE_ASK;
	if (!is_awaited(pulse, heard_ms) &&
	    now_ms >= heard_ms + pulse->interval_ms)
		return SSH_PULSE_ASK;
	return SSH_PULSE_FINE;
}

/* At `due_ms`; or soon, when that has passed and nothing could be done. */
static int64_t
earlier_look(int64_t next_ms, int64_t due_ms, int64_t now_ms)
{
	if (due_ms <= now_ms)
		due_ms = now_ms + TRY_AGAIN_MS;
	return clock_earlier(next_ms, due_ms);
}

/*
 * Nothing calls us when an answer comes, and a new silence may begin after it.
 * So no sleep is longer than an interval.
 */
int64_t
ssh_pulse_next_ms(const struct ssh_pulse *pulse, int64_t now_ms,
    int64_t heard_ms, int64_t open_ms)
{
	int64_t next_ms = heard_ms + pulse->interval_ms;
	int64_t doubt_ms = open_ms + pulse->doubt_ms;

	if (is_awaited(pulse, heard_ms))
		next_ms = clock_earlier(death_ms(pulse),
		    now_ms + pulse->interval_ms);
	if (open_ms > 0 && heard_ms < doubt_ms)
		next_ms = earlier_look(next_ms, doubt_ms, now_ms);
	if (pulse->await_ms > 0)
		next_ms = earlier_look(next_ms, pulse->await_ms, now_ms);
	return next_ms;
}
