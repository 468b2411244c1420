/* SPDX-License-Identifier: PostgreSQL */

/* The text ends with a NUL, and no byte behind it is read. */
#include "base/utf8.h"

#include <stddef.h>

/*
 * Whether UTF-8 may not hold this code point, or must hold it in fewer bytes.
 */
static bool
is_misfit(uint32_t code, unsigned len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	return code < least[len] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff);
}

uint32_t
utf8_next(const char **text)
{
	const unsigned char *at = (const unsigned char *)*text;
	unsigned len = *at < 0x80 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
	uint32_t code = len == 1 ? *at : *at & (0x7fU >> len);

	(*text)++;
	if (*at >= 0xf8 || (*at >= 0x80 && *at < 0xc0))
		return UTF8_REPLACEMENT;
	for (unsigned i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return UTF8_REPLACEMENT;
		code = code << 6 | (at[i] & 0x3f);
	}
	if (is_misfit(code, len))
		return UTF8_REPLACEMENT;
	*text += len - 1;
	return code;
}

/*
 * The ranges are from the general categories Cc, Cf, Zl and Zp of Unicode 15,
 * without U+200C and U+200D, which some scripts need to be read.
 */
bool
utf8_is_legible(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{ 0x0000, 0x001f },   /* C0 */
		{ 0x007f, 0x009f },   /* DEL, C1 */
		{ 0x061c, 0x061c },   /* bidirectional */
		{ 0x200e, 0x200f },   /* bidirectional */
		{ 0x2028, 0x202e },   /* line ends, bidirectional */
		{ 0x2060, 0x206f },   /* bidirectional, invisible operators */
		{ 0xfeff, 0xfeff },   /* byte order mark */
		{ 0xfff9, 0xfffd },   /* annotations, replacement */
		{ 0xe0000, 0xe0fff }, /* tags */
	};

	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
		if (code >= hidden[i].first && code <= hidden[i].last)
			return false;
	return (code & 0xfffe) != 0xfffe;
}

bool
utf8_is_legible_text(const char *text)
{
	while (*text != '\0')
		if (!utf8_is_legible(utf8_next(&text)))
			return false;
	return true;
}
