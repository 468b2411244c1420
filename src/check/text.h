/* SPDX-License-Identifier: PostgreSQL */

/*
 * Reports as text for people: a line for each phase as it ends, a live line for
 * the phase in progress where the output is a terminal, and the verdict at the
 * end.
 */
#ifndef PGJUMP_CHECK_TEXT_H
#define PGJUMP_CHECK_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "check/report.h"

/* A plain value, for one report after the other. */
struct check_text {
	FILE *out;
	bool is_live;    /* lines can be drawn over */
	bool is_colored; /* by SGR sequences (ECMA-48, 8.3.117) */
	size_t width;    /* columns; 0: lines are not broken */
	bool has_report; /* one was printed before the present one */
	/* How much of the present report is printed. */
	bool has_title;
	size_t next;
	bool has_live_line;
};

/* As the terminal and the environment (NO_COLOR, TERM) demand. */
struct check_text check_text_on(FILE *);

/* Print what is new in a report. */
void check_text_show(struct check_text *, const struct check_report *);

/* Print the rest of a report, ending with the verdict.  The next report may
 * follow. */
void check_text_end(struct check_text *, const struct check_report *);

/* A report as one line: its name, its status, and what failed. */
void check_text_line(struct check_text *, const struct check_report *);

/* The end of several reports: how many exit codes are 0, and whose are not. */
void check_text_sum(struct check_text *,
    const struct config_connection *const *named, const int *codes,
    size_t count);

#endif
