/* SPDX-License-Identifier: PostgreSQL */

/*
 * The log: one line per event on stderr, `key=value` pairs behind a fixed
 * message, or the same as one JSON object per line (base/log_line.h).  A
 * message is a constant that one can search for; what varies goes into fields.
 * Callers never pass a secret: nothing here can recognise one.
 *
 * Whoever makes pgjump log cannot fill a disk: of lines of one kind within a
 * second some are written, and the others told by one line with their count
 * (base/log_tally.h).  At LOG_LEVEL_DEBUG every line is written.
 */
#ifndef PGJUMP_BASE_LOG_H
#define PGJUMP_BASE_LOG_H

#include <stdbool.h>

#include "base/log_line.h"

/* Set once at start (and at reload), from the main thread. */
void log_setup(enum log_level, enum log_format);
bool log_enabled(enum log_level);

/*
 * Write one line with one write(2), or count it: lines of several threads never
 * mix.  Preserves errno.  Where nobody reads, lines are counted and dropped: it
 * never blocks for long.
 */
void log_write(enum log_level, const char *message, const struct log_field *);

/* The same for what somebody asked to see: at every log level, and never
 * counted instead. */
void log_answer(enum log_level, const char *message, const struct log_field *);

/*
 * A descriptor that is readable when counts are due, so that they are told
 * although nothing more happens; whoever has it calls log_tell_counts() then.
 * Without it they are told by the next line of their kind, and at the end.
 * Main thread; -1 with errno.
 */
int log_watch_counts(void);
void log_unwatch_counts(void);

/* Tell the counts that are due, or all, at the end of the program. */
void log_tell_counts(void);
void log_tell_all_counts(void);

/* log_info("client closed", log_num("client", id), ...): at least one field. */
#define LOG_LIST(...) ((const struct log_field[]){ __VA_ARGS__, LOG_END })
#define log_error(message, ...) \
	log_write(LOG_LEVEL_ERROR, message, LOG_LIST(__VA_ARGS__))
#define log_warning(message, ...) \
	log_write(LOG_LEVEL_WARNING, message, LOG_LIST(__VA_ARGS__))
#define log_info(message, ...) \
	log_write(LOG_LEVEL_INFO, message, LOG_LIST(__VA_ARGS__))
#define log_debug(message, ...)                             \
	do {                                                \
		if (log_enabled(LOG_LEVEL_DEBUG))           \
			log_write(LOG_LEVEL_DEBUG, message, \
			    LOG_LIST(__VA_ARGS__));         \
	} while (0)

#endif
