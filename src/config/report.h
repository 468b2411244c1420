/* SPDX-License-Identifier: PostgreSQL */

/*
 * What is wrong with a file, and where: gathered while the file is read, told
 * in one go, in the order of the file.  It does not know what a file means.
 */
#ifndef PGJUMP_CONFIG_REPORT_H
#define PGJUMP_CONFIG_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Both from 1, the column in characters; line 0 is the file as a whole. */
struct place {
	unsigned line, column;
};

struct report;

struct report *report_new(const char *file); /* borrowed until it is freed */
void report_free(struct report *);           /* NULL is fine */

/* One line of text each; callers never pass a secret. */
void report_error(struct report *, struct place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void report_warning(struct report *, struct place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * What is reported from now on is about one part of the file, by a number of
 * the caller's; 0, as at first: about the file as a whole.
 */
void report_about(struct report *, size_t part);

/* Leave out the warnings about a part; its errors stay. */
void report_drop_warnings(struct report *, size_t part);

/* Whether any error was reported; warnings do not count. */
bool report_failed(const struct report *);

/*
 * Write "FILE:LINE:COLUMN: message" and "FILE:LINE:COLUMN: warning: message",
 * sorted by place; what was reported twice (through an alias) is told once.
 */
void report_write(struct report *, FILE *);

#endif
