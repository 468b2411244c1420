/* SPDX-License-Identifier: PostgreSQL */

/* Text from a peer, made fit for a message. */
#ifndef PGJUMP_BASE_TEXT_H
#define PGJUMP_BASE_TEXT_H

#include <stddef.h>

/*
 * Copy `len` bytes of a peer's text as printable ASCII.  Control characters and
 * bytes >= 0x80 become '?', a run of white space becomes one space, and white
 * space at the ends is dropped.  Always ends with NUL within `size`.
 */
void text_printable(char *out, size_t size, const void *bytes, size_t len);

#endif
