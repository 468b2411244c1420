/* SPDX-License-Identifier: PostgreSQL */

/*
 * A report as JSON (RFC 8259), for programs.  pgjump(1) documents the keys,
 * which do not change.
 */
#ifndef PGJUMP_CHECK_JSON_H
#define PGJUMP_CHECK_JSON_H

#include <stdio.h>

struct check_report;

/* One object, without a line end behind it. */
void check_json_put(FILE *, const struct check_report *);

#endif
