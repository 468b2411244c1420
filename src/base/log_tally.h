/* SPDX-License-Identifier: PostgreSQL */

/*
 * Counts the log lines of each kind within a second.  The first LOG_TALLY_LINES
 * are to be written, the others are counted, and each count is handed out once.
 * Lines are of one kind if they agree in level, message and the fields that
 * name their subject: the connection, jump box or address, and the stage of a
 * failure.  So a flood of lines about one connection hides neither another
 * connection nor a failure at another stage.  Any thread.
 */
#ifndef PGJUMP_BASE_LOG_TALLY_H
#define PGJUMP_BASE_LOG_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log_line.h"

/* Enough to see what happens, and too few to fill a disk. */
#define LOG_TALLY_LINES     10
#define LOG_TALLY_WINDOW_MS 1000

/* The fields that tell kinds apart; a line holds three of them at most. */
#define LOG_TALLY_MARKS    3
#define LOG_TALLY_TEXT_MAX 400

/* A plain value. */
struct log_kind {
	enum log_level level;
	const char *message; /* a constant */
	const char *keys[LOG_TALLY_MARKS];
	size_t count;                   /* of keys */
	char texts[LOG_TALLY_TEXT_MAX]; /* of each key; each ends with NUL */
	size_t len;                     /* of all of them */
};

/* The lines of a kind that were counted and not yet reported. */
struct log_debt {
	struct log_kind kind;
	unsigned repeated; /* 0: nothing is owed */
};

enum log_verdict {
	LOG_WRITE,
	LOG_COUNT_FIRST, /* counted; ask for the debt once the second is over */
	LOG_COUNT,       /* counted, like others before it */
};

/*
 * Whether to write a line at `now_ms` (base/clock.h).  *owed is the debt of an
 * earlier second, to be reported before the line.  `message` is a constant.
 */
enum log_verdict log_tally(enum log_level, const char *message,
    const struct log_field *, int64_t now_ms, struct log_debt *owed);

/*
 * Take a debt whose second is over, or any debt if `is_last`.  False: there is
 * none, and *due_ms is when the next one will be due, 0 if there is none at
 * all.
 */
bool log_tally_take(int64_t now_ms, bool is_last, struct log_debt *,
    int64_t *due_ms);

/* The fields of the line that reports a debt; they borrow its texts. */
#define LOG_DEBT_FIELDS (LOG_TALLY_MARKS + 2)
void log_tally_fields(const struct log_debt *,
    struct log_field fields[LOG_DEBT_FIELDS]);

#endif
