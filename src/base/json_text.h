/* SPDX-License-Identifier: PostgreSQL */

/*
 * Text between double quotes as JSON has it (RFC 8259, 7), whatever bytes the
 * text is made of: valid UTF-8 stays, what utf8_is_legible() refuses is
 * escaped, and a byte that is not UTF-8 becomes the escape of U+FFFD.
 */
#ifndef PGJUMP_BASE_JSON_TEXT_H
#define PGJUMP_BASE_JSON_TEXT_H

#include <stddef.h>

/* One character of the result, which must not be cut. */
struct json_piece {
	char bytes[16]; /* ends with NUL; 12 at most: a pair of surrogates */
	size_t len;
};

/* The first character of `text`, which is not empty; returns what follows. */
const char *json_text_piece(const char *text, struct json_piece *out);

#endif
