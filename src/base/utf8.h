/* SPDX-License-Identifier: PostgreSQL */

/*
 * UTF-8 as RFC 3629 defines it, read by code points, and which of them may be
 * shown to a person as they are.
 */
#ifndef PGJUMP_BASE_UTF8_H
#define PGJUMP_BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#define UTF8_REPLACEMENT 0xfffdU

/*
 * The code point at *text, which is moved behind it; *text is not at its NUL.
 * A byte that begins no valid sequence counts as UTF8_REPLACEMENT, alone.
 */
uint32_t utf8_next(const char **text);

/*
 * False for what moves a cursor, changes the direction of a line or cannot be
 * seen: control characters (C0, DEL, C1), U+2028 and U+2029, the bidirectional
 * controls, a byte order mark, tags, noncharacters; and for UTF8_REPLACEMENT.
 */
bool utf8_is_legible(uint32_t code);

#endif
