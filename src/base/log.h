/* SPDX-License-Identifier: PostgreSQL */

/*
 * The log on stderr.  Each event is one line: a fixed message with `key=value`
 * pairs behind it, or the same as one JSON object (base/log_line.h).  A message
 * is a constant that one can search for; what varies goes into fields.  Callers
 * never pass a secret: nothing here can recognise one.
 *
 * A flood of events cannot fill a disk: the log writes the first lines of a
 * kind within a second, and then one line with the count of the others
 * (base/log_tally.h).  At LOG_LEVEL_DEBUG it writes every line.
 */
#ifndef PGJUMP_BASE_LOG_H
#define PGJUMP_BASE_LOG_H

#include <stdbool.h>

#include "base/log_line.h"

/* At start, and when a configuration is loaded again. */
void log_setup(enum log_level, enum log_format);

/*
 * Whether a program reads every line, so that what is written beside the log
 * must be written as a part of it.
 */
bool log_is_for_programs(void);

/* Whether lines of this level are written. */
bool log_is_enabled(enum log_level);

/*
 * Write one line, or count it.  A line is one write(2), so that lines of
 * several threads never mix.  When nobody reads stderr, lines are dropped and
 * counted after a short wait.  Preserves errno.
 */
void log_write(enum log_level, const char *message, const struct log_field *);

/*
 * Write a line that somebody asked to see, at every log level; it is never
 * counted instead.
 */
void log_answer(enum log_level, const char *message, const struct log_field *);

/*
 * A descriptor that becomes readable when counts are due; its user then calls
 * log_tell_counts().  Without it, a count is written before the next line of
 * its kind, or at the end of the program.  Main thread; -1 with errno.
 */
int log_watch_counts(void);
void log_unwatch_counts(void);

/* Write the counts that are due; or all of them, at the end of the program. */
void log_tell_counts(void);
void log_tell_all_counts(void);

/*
 * log_info("client closed", log_num("client", id), ...), with one field or
 * more.
 */
#define LOG_LIST(...) ((const struct log_field[]){ __VA_ARGS__, LOG_END })
#define log_error(message, ...) \
	log_write(LOG_LEVEL_ERROR, message, LOG_LIST(__VA_ARGS__))
#define log_warning(message, ...) \
	log_write(LOG_LEVEL_WARNING, message, LOG_LIST(__VA_ARGS__))
#define log_info(message, ...) \
	log_write(LOG_LEVEL_INFO, message, LOG_LIST(__VA_ARGS__))
#define log_debug(message, ...)                             \
	do {                                                \
		if (log_is_enabled(LOG_LEVEL_DEBUG))        \
			log_write(LOG_LEVEL_DEBUG, message, \
			    LOG_LIST(__VA_ARGS__));         \
	} while (0)

#endif
