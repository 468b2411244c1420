/* SPDX-License-Identifier: PostgreSQL */

/*
 * One line of the log, built in memory of fixed size: time, level, message and
 * fields, as text or as a JSON object.  Whatever bytes its values hold, a line
 * is valid UTF-8, and its only control character is the line end; the formats
 * for people have several line ends, and colours.  A line that
 * had to be cut is still well-formed, and ends in cut=true.
 */
#ifndef PGJUMP_BASE_LOG_LINE_H
#define PGJUMP_BASE_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

enum log_format {
	LOG_FORMAT_TEXT, /* time, level, message, key=value */
	LOG_FORMAT_JSON,
	LOG_FORMAT_JOURNAL, /* the same as text, with <N> for the time */
	LOG_FORMAT_PLAIN,   /* short, for people; sentences on lines below */
	LOG_FORMAT_COLOUR,  /* the same with colours of a terminal */
	LOG_FORMAT_AUTO,    /* one of these: base/log_auto.h */
};

/* One field of a line, made by log_str() or log_num(). */
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

/*
 * PIPE_BUF (pipe(7)): a pipe takes this much in one piece, and poll() promises
 * room for it.
 */
#define LOG_LINE_MAX 4096

struct log_line {
	char text[LOG_LINE_MAX]; /* with a line end, without a NUL */
	size_t len;
	bool is_cut;
};

/* Never with LOG_FORMAT_AUTO. */
void log_line_build(struct log_line *, enum log_format, enum log_level,
    const char *message, const struct log_field *);

#endif
