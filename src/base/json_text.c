/* SPDX-License-Identifier: PostgreSQL */

/* The escapes of JSON: a character beyond U+FFFF becomes two surrogates. */
#include "base/json_text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static int
escape(char *out, size_t size, uint32_t code)
{
	if (code == '"' || code == '\\')
		return snprintf(out, size, "\\%c", (int)code);
	if (code == '\n')
		return snprintf(out, size, "\\n");
	if (code < 0x10000)
		return snprintf(out, size, "\\u%04x", (unsigned)code);
	return snprintf(out, size, "\\u%04x\\u%04x",
	    (unsigned)(0xd800 + ((code - 0x10000) >> 10)),
	    (unsigned)(0xdc00 + ((code - 0x10000) & 0x3ff)));
}

const char *
json_text_piece(const char *text, struct json_piece *out)
{
	const char *end = text;
	uint32_t code = utf8_next(&end);

	if (code != '"' && code != '\\' && utf8_is_legible(code)) {
		out->len = (size_t)(end - text);
		memcpy(out->bytes, text, out->len);
		out->bytes[out->len] = '\0';
	} else {
		out->len = (size_t)escape(out->bytes, sizeof out->bytes, code);
	}
	return end;
}
