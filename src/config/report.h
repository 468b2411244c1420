/* SPDX-License-Identifier: PostgreSQL */

/*
 * What is wrong with a file, and where.  Messages are gathered while the file
 * is read, and written in one go, in the order of the file.  A report knows
 * nothing of what a file means.
 */
#ifndef PGJUMP_CONFIG_REPORT_H
#define PGJUMP_CONFIG_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Lines and columns (in characters) begin at 1; line 0: the whole file.  Files
 * are numbered from 1 in the order in which the report met them; file 0: the
 * one that it met last.
 */
struct place {
	unsigned line, column, file;
};

struct report;

/* NULL: the report meets its first file later, but before any message. */
struct report *report_new(const char *file);

/* Messages from now on are about one more file. */
void report_next_file(struct report *, const char *file);

/* The number of the file that the report met last. */
unsigned report_file(const struct report *);

void report_free(struct report *); /* NULL is fine */

/* Each is one line of text; callers never pass a secret. */
void report_error(struct report *, struct place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void report_warning(struct report *, struct place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Messages from now on are about this part of the file, which the caller
 * numbers.  0 is the whole file, as at the beginning.
 */
void report_about(struct report *, size_t part);

/* Leave out the warnings about a part; its errors stay. */
void report_drop_warnings(struct report *, size_t part);

/* Whether any error was reported; warnings do not count. */
bool report_has_error(const struct report *);

/*
 * Write "FILE:LINE:COLUMN: message" and "FILE:LINE:COLUMN: warning: message",
 * sorted by place; to stderr as lines of the log, if only programs read that.
 * A message that was reported twice, through an alias, is
 * written once.
 */
void report_write(struct report *, FILE *);

/*
 * Write the errors, if there are any, as {"errors": [{"file", "line", "column",
 * "message"}]}, and the warnings to stderr.
 */
void report_write_json(struct report *, FILE *);

/*
 * "line 5", or "b.yaml:5" if that is another file than the one of `from`: where
 * a message points to a second place.  Borrowed until the next call.
 */
const char *report_line_text(struct report *, struct place from,
    struct place to);

#endif
