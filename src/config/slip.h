/* SPDX-License-Identifier: PostgreSQL */

/*
 * What is wrong in the text of a document, and what to do about it; and what
 * YAML and JSON have in common where slips are looked for.
 */
#ifndef PGJUMP_CONFIG_SLIP_H
#define PGJUMP_CONFIG_SLIP_H

#include <stdbool.h>
#include <stddef.h>

struct slip {
	size_t offset; /* in bytes */
	char text[200];
};

/* Fill in a slip; returns true. */
bool slip_found(struct slip *, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Where a quoted text ends, and whether its escapes can be read. */
struct slip_quoted {
	size_t end;        /* behind the closing quote; 0: there is none */
	size_t bad_escape; /* the place of a backslash; 0: none is wrong */
	bool is_long;      /* it goes on in another line */
};

/* The text whose opening quote, ' or ", is at `at`. */
struct slip_quoted slip_quoted(const char *bytes, size_t len, size_t at);

/* Whether the bytes at `at` begin with `text`. */
bool slip_is_at(const char *bytes, size_t len, size_t at, const char *text);

/* Whether a typographic quote, as word processors make them, is at `at`. */
bool slip_is_curly_quote(const char *bytes, size_t len, size_t at);

#endif
