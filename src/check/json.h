/* SPDX-License-Identifier: PostgreSQL */

/*
 * A report as JSON (RFC 8259), for programs: the keys are documented in
 * pgjump(1) and stay.
 */
#ifndef PGJUMP_CHECK_JSON_H
#define PGJUMP_CHECK_JSON_H

#include <stdio.h>

struct check_report;

/* One object, without a line end behind it. */
void check_json_put(FILE *, const struct check_report *);

#endif
