/* SPDX-License-Identifier: PostgreSQL */

/*
 * How to reach a database, written in the form that a kind of client reads.
 * Every character of a name or password survives; where a form cannot hold one,
 * it is refused.
 */
#ifndef PGJUMP_COMMAND_DSN_TEXT_H
#define PGJUMP_COMMAND_DSN_TEXT_H

#include <stdbool.h>
#include <stdio.h>

struct dsn;
struct dsn_format;

/* A form by its name; NULL: there is none of that name. */
const struct dsn_format *dsn_text_find(const char *name);

/* Whether the form is one line, and so fits into a variable. */
bool dsn_text_is_line(const struct dsn_format *);

/* "uri, keyword, ..." */
void dsn_text_list(FILE *);

/*
 * The text, which the caller gives to secret_free(), with its newline if it has
 * several lines.  NULL: this form cannot say it; *remark says why.  Else
 * *remark is what the text cannot do, or NULL.
 */
char *dsn_text(const struct dsn_format *, const struct dsn *,
    const char **remark);

#endif
