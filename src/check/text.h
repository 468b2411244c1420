/* SPDX-License-Identifier: PostgreSQL */

/*
 * Reports as text for people: a line for each phase as it ends, a live line
 * for the one in progress where that can be seen, the verdict at last.
 */
#ifndef PGJUMP_CHECK_TEXT_H
#define PGJUMP_CHECK_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "check/report.h"

/* A plain value.  Reports come one after the other. */
struct check_text {
	FILE *out;
	bool is_live;    /* lines can be drawn over */
	bool is_colored; /* by SGR sequences (ECMA-48, 8.3.117) */
	/* How far the present report is printed. */
	bool has_title;
	enum check_phase next;
	bool has_live_line;
};

/* What the terminal and the environment (NO_COLOR, TERM) call for. */
struct check_text check_text_on(FILE *);

/* Print what is new of a report. */
void check_text_show(struct check_text *, const struct check_report *);

/* Print the rest of it, the verdict at last; the next one may come. */
void check_text_end(struct check_text *, const struct check_report *);

#endif
