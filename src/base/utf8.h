/* SPDX-License-Identifier: PostgreSQL */

/*
 * UTF-8 (RFC 3629) read one code point at a time, and which code points a
 * terminal or a log may show as they are.
 */
#ifndef PGJUMP_BASE_UTF8_H
#define PGJUMP_BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#define UTF8_REPLACEMENT 0xfffdU

/*
 * The code point at *text, which is moved behind it and must not be at its NUL.
 * A byte that begins no valid sequence is read alone, as UTF8_REPLACEMENT.
 */
uint32_t utf8_next(const char **text);

/*
 * False for a code point that moves the cursor, changes the direction of a line
 * or cannot be seen: control characters (C0, DEL, C1), U+2028 and U+2029, the
 * bidirectional controls, a byte order mark, tags and noncharacters.  Also
 * false for UTF8_REPLACEMENT.
 */
bool utf8_is_legible(uint32_t code);

/* Whether this is UTF-8, and every code point in it is legible. */
bool utf8_is_legible_text(const char *text);

#endif
