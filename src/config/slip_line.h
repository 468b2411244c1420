/* SPDX-License-Identifier: PostgreSQL */

/*
 * The lines of a document in which slips are looked for.
 */
#ifndef PGJUMP_CONFIG_SLIP_LINE_H
#define PGJUMP_CONFIG_SLIP_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct slip_text {
	const char *bytes;
	size_t len;
};

/* One line; its end is that of its text, without blanks and a line end. */
struct slip_line {
	size_t start, end;
	size_t at; /* what is looked at; the column is at - start */
};

/* The line that begins at `start`. */
struct slip_line slip_line_at(const struct slip_text *, size_t start);

/* The last line of a text that begins in the line at `start`. */
struct slip_line slip_line_of_end(const struct slip_text *, size_t start,
    size_t end);

/* The start of the line behind `at`; the length of the text: there is none. */
size_t slip_line_next(const struct slip_text *, size_t at);

/* The byte at `at`, which counts as a line end behind the end of the line. */
char slip_line_byte(const struct slip_text *, const struct slip_line *,
    size_t at);

/* A blank, a tab or a line end. */
bool slip_line_is_gap(char c);

/* Behind the gaps at `at`. */
size_t slip_line_skip_gap(const struct slip_text *, const struct slip_line *,
    size_t at);

/* Whether nothing but a comment follows. */
bool slip_line_is_rest_blank(const struct slip_text *, const struct slip_line *,
    size_t at);

/* How many blanks it begins with. */
size_t slip_line_indent(const struct slip_text *, const struct slip_line *);

/* Whether it can only be part of a key or certificate. */
bool slip_line_is_key_material(const struct slip_text *,
    const struct slip_line *);

/* The number of the line, from 1. */
size_t slip_line_number(const char *bytes, size_t offset);

#endif
