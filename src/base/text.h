/* SPDX-License-Identifier: PostgreSQL */

/*
 * Texts: the ASCII letters, comparison, and a peer's text made fit for print.
 */
#ifndef PGJUMP_BASE_TEXT_H
#define PGJUMP_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* For strspn(3) and the like, whatever the locale. */
#define TEXT_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define TEXT_DIGITS  "0123456789"

/* Whether both texts are equal, or both NULL. */
bool text_equal(const char *, const char *);

/* The length without the line end that an editor, or echo, adds. */
size_t text_len_without_line_end(const char *);

/*
 * Copy `len` bytes of a peer's text as printable ASCII.  Control characters and
 * bytes >= 0x80 become '?', a run of white space becomes one space, and white
 * space at the ends is dropped.  Always ends with NUL within `size`.
 */
void text_printable(char *out, size_t size, const void *bytes, size_t len);

#endif
