/* SPDX-License-Identifier: PostgreSQL */

/*
 * How many lines of one kind there were within a second: the first
 * LOG_TALLY_LINES are written, the others are counted, and every count is
 * handed out once.  Lines are of one kind that have level and message in
 * common, and the fields that say of what they are: the connection or jump box
 * or address, and the stage of a failure.  So whoever can provoke lines on one
 * connection hides neither what happens on another nor a failure of another
 * stage.  Any thread.
 */
#ifndef PGJUMP_BASE_LOG_TALLY_H
#define PGJUMP_BASE_LOG_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log_line.h"

#define LOG_TALLY_LINES     10
#define LOG_TALLY_WINDOW_MS 1000

/* What may tell kinds apart; a line holds three of them at most. */
#define LOG_TALLY_MARKS    3
#define LOG_TALLY_TEXT_MAX 400

/* A plain value. */
struct log_kind {
	enum log_level level;
	const char *message; /* a constant */
	const char *keys[LOG_TALLY_MARKS];
	size_t count;                   /* of keys */
	char texts[LOG_TALLY_TEXT_MAX]; /* of each key, ending with NUL */
	size_t len;                     /* of all of them */
};

/* Lines of a kind that were not written. */
struct log_debt {
	struct log_kind kind;
	unsigned repeated; /* 0: nothing is owed */
};

enum log_verdict {
	LOG_WRITE,
	LOG_COUNT_FIRST, /* not written: somebody must ask for the debt */
	LOG_COUNT,       /* not written, like others before */
};

/*
 * Judge a line about to be written at `now_ms` (base/clock.h).  *owed is what
 * is to be told before, of an earlier second.  `message` is a constant.
 */
enum log_verdict log_tally(enum log_level, const char *message,
    const struct log_field *, int64_t now_ms, struct log_debt *owed);

/*
 * Take a debt of a second that is over, or of any where `at_end`.  False:
 * there is none, and *due_ms is when the next one will be; 0: none.
 */
bool log_tally_take(int64_t now_ms, bool at_end, struct log_debt *,
    int64_t *due_ms);

/* The fields of the line that tells a debt; they borrow its texts. */
#define LOG_DEBT_FIELDS (LOG_TALLY_MARKS + 2)
void log_tally_fields(const struct log_debt *,
    struct log_field fields[LOG_DEBT_FIELDS]);

#endif
