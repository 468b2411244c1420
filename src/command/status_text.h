/* SPDX-License-Identifier: PostgreSQL */

/* The status of a running pgjump as a table for people. */
#ifndef PGJUMP_COMMAND_STATUS_TEXT_H
#define PGJUMP_COMMAND_STATUS_TEXT_H

#include <stdbool.h>
#include <stdio.h>

struct node;

/*
 * Print what /status says; in colour if `out` is a terminal and NO_COLOR is not
 * set.  False, and nothing printed: this is no status.
 */
bool status_text_print(const struct node *status, FILE *out);

#endif
