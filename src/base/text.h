/* SPDX-License-Identifier: PostgreSQL */

/* Text of strangers, made fit for a message. */
#ifndef PGJUMP_BASE_TEXT_H
#define PGJUMP_BASE_TEXT_H

#include <stddef.h>

/*
 * Copy `len` bytes of a peer's text as printable ASCII: control characters and
 * bytes >= 0x80 become '?', white space at the ends goes, runs of it become
 * one space.  Always ends with NUL within `size`.
 */
void text_printable(char *out, size_t size, const void *bytes, size_t len);

#endif
