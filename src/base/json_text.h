/* SPDX-License-Identifier: PostgreSQL */

/*
 * Any bytes written as the inside of a JSON string (RFC 8259, 7).  Valid UTF-8
 * stays as it is, but for what utf8_is_legible() refuses, which is escaped.  A
 * byte that is not UTF-8 becomes the escape of U+FFFD.
 */
#ifndef PGJUMP_BASE_JSON_TEXT_H
#define PGJUMP_BASE_JSON_TEXT_H

#include <stddef.h>

/* One character of the result; a caller must not cut it. */
struct json_piece {
	char bytes[16]; /* ends with NUL; a pair of surrogates takes 12 */
	size_t len;
};

/*
 * Write the first character of `text`, which is not empty, and return what
 * follows it.
 */
const char *json_text_piece(const char *text, struct json_piece *out);

#endif
