/* SPDX-License-Identifier: PostgreSQL */

/*
 * Lines are built on the stack, so that logging works in every thread and when
 * memory is short.  This file does not know what a field means.
 */
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_auto.h"
#include "base/log_tally.h"

/* Long enough for a slow reader of the log, too short to hold up clients. */
#define READER_PATIENCE_MS 20

static _Atomic enum log_level threshold = LOG_LEVEL_INFO;
static _Atomic enum log_format line_format = LOG_FORMAT_TEXT;
static _Atomic unsigned lost_count; /* lines, since the reader stopped */

/* A timer for the next count that is due, and whether it runs. */
static atomic_int alarm_fd = -1;
static atomic_bool is_alarm_set;

void
log_setup(enum log_level level, enum log_format format)
{
	threshold = level;
	line_format = format == LOG_FORMAT_AUTO ? log_auto_format() : format;
}

bool
log_is_for_programs(void)
{
	return line_format == LOG_FORMAT_JSON ||
	    line_format == LOG_FORMAT_JOURNAL;
}

bool
log_is_enabled(enum log_level level)
{
	return level <= threshold;
}

/* --- Lines --------------------------------------------------------------- */

/* Only the first line that finds the pipe full waits for room. */
static bool
has_room(void)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };
	int rc;

	do
		rc = poll(&out, 1, lost_count == 0 ? READER_PATIENCE_MS : 0);
	while (rc < 0 && errno == EINTR);
	return rc != 0;
}

static void
put(enum log_level level, const char *message, const struct log_field *fields)
{
	struct log_line line;
	ssize_t written;

	log_line_build(&line, line_format, level, message, fields);
	written = write(STDERR_FILENO, line.text, line.len);
	(void)written; /* there is nobody to report an error to */
}

static void
tell_lost(unsigned count)
{
	put(LOG_LEVEL_WARNING, "log lines were lost, nobody read them",
	    LOG_LIST(log_num("count", count)));
}

static void
put_or_lose(enum log_level level, const char *message,
    const struct log_field *fields)
{
	unsigned lost;

	while (has_room()) {
		lost = atomic_exchange(&lost_count, 0);
		if (lost == 0) {
			put(level, message, fields);
			return;
		}
		tell_lost(lost);
	}
	lost_count++;
}

/* --- Counts -------------------------------------------------------------- */

static void
tell(const struct log_debt *debt)
{
	struct log_field fields[LOG_DEBT_FIELDS];

	log_tally_fields(debt, fields);
	put_or_lose(debt->kind.level, debt->kind.message, fields);
}

/* Leave a timer that runs: it was set for an earlier count. */
static void
set_alarm(int64_t wait_ms)
{
	struct itimerspec timer = {
		.it_value = { .tv_sec = wait_ms / 1000,
		    .tv_nsec = wait_ms % 1000 * 1000000 },
	};

	if (alarm_fd >= 0 && !atomic_exchange(&is_alarm_set, true))
		timerfd_settime(alarm_fd, 0, &timer, NULL);
}

/* False: the line was counted instead. */
static bool
may_write(enum log_level level, const char *message,
    const struct log_field *fields)
{
	struct log_debt owed;
	enum log_verdict verdict;

	if (log_is_enabled(LOG_LEVEL_DEBUG))
		return true;
	verdict = log_tally(level, message, fields, clock_ms(), &owed);
	if (owed.repeated > 0)
		tell(&owed);
	if (verdict == LOG_COUNT_FIRST)
		set_alarm(LOG_TALLY_WINDOW_MS);
	return verdict == LOG_WRITE;
}

int
log_watch_counts(void)
{
	alarm_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	is_alarm_set = false;
	return alarm_fd;
}

void
log_unwatch_counts(void)
{
	int fd = atomic_exchange(&alarm_fd, -1);

	if (fd >= 0)
		close(fd);
}

static void
tell_counts(bool is_last)
{
	int64_t now_ms = clock_ms(), due_ms;
	struct log_debt debt;

	while (log_tally_take(now_ms, is_last, &debt, &due_ms))
		tell(&debt);
	if (due_ms > 0)
		set_alarm(due_ms - now_ms);
}

void
log_tell_counts(void)
{
	uint64_t expirations;
	ssize_t got = read(alarm_fd, &expirations, sizeof expirations);

	(void)got; /* the counts may have been written already */
	is_alarm_set = false;
	tell_counts(false);
}

void
log_tell_all_counts(void)
{
	tell_counts(true);
}

/* --- Writing ------------------------------------------------------------- */

void
log_write(enum log_level level, const char *message,
    const struct log_field *fields)
{
	int saved_errno = errno;

	if (log_is_enabled(level) && may_write(level, message, fields))
		put_or_lose(level, message, fields);
	errno = saved_errno;
}

void
log_answer(enum log_level level, const char *message,
    const struct log_field *fields)
{
	int saved_errno = errno;

	put_or_lose(level, message, fields);
	errno = saved_errno;
}
