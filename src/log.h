/* SPDX-License-Identifier: PostgreSQL */

/*
 * The log: one line per event on stderr, `key=value` pairs behind a fixed
 * message, or the same as one JSON object per line.  A message is a constant
 * that one can search for; what varies goes into fields.  Callers never pass a
 * secret: nothing here can recognise one.
 */
#ifndef PGJUMP_LOG_H
#define PGJUMP_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

enum log_format {
	LOG_FORMAT_TEXT,
	LOG_FORMAT_JSON,
};

/* One field of a line; made by log_str() or log_num() only. */
struct log_field {
	const char *key; /* NULL ends a list */
	bool is_text;
	const char *text;
	int64_t number;
};

/* Borrowed text; NULL text leaves the field out of the line. */
struct log_field log_str(const char *key, const char *text);
struct log_field log_num(const char *key, int64_t number);

#define LOG_END ((struct log_field){ 0 })

/* Set once at start (and at reload), from the main thread. */
void log_setup(enum log_level, enum log_format);
bool log_enabled(enum log_level);

/*
 * Write one line with one write(2): lines of several threads never mix.
 * Control characters in values are escaped.  Preserves errno.  Where nobody
 * reads, lines are counted and dropped: it never blocks for long.
 */
void log_write(enum log_level, const char *message, const struct log_field *);

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
