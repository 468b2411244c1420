/* SPDX-License-Identifier: PostgreSQL */

/*
 * Base64 by groups of three bytes and four characters.  It accepts nothing that
 * is merely close to base64: a damaged key must not decode.
 */
#include "key/base64.h"

#include <stdint.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t
base64_encode(char *out, const unsigned char *bytes, size_t len)
{
	char *at = out;

	for (size_t i = 0; i < len; i += 3) {
		size_t have = len - i < 3 ? len - i : 3;
		uint32_t group = (uint32_t)bytes[i] << 16;

		if (have > 1)
			group |= (uint32_t)bytes[i + 1] << 8;
		if (have > 2)
			group |= bytes[i + 2];
		*at++ = alphabet[group >> 18];
		*at++ = alphabet[group >> 12 & 63];
		*at++ = '=';
		*at++ = '=';
		if (have > 1)
			at[-2] = alphabet[group >> 6 & 63];
		if (have > 2)
			at[-1] = alphabet[group & 63];
	}
	*at = '\0';
	return (size_t)(at - out);
}

/* The six bits of a character, or -1. */
static int
sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* The first `used` characters of a group as 24 bits, the others being zero. */
static bool
decode_group(const char *text, size_t used, uint32_t *group)
{
	*group = 0;
	for (size_t i = 0; i < 4; i++) {
		int bits = i < used ? sextet(text[i]) : 0;

		if (bits < 0)
			return false;
		*group = *group << 6 | (uint32_t)bits;
	}
	/* Spare bits must be zero: then each value has one text. */
	return (used > 2 || (*group & 0xffff) == 0) &&
	    (used > 3 || (*group & 0xff) == 0);
}

bool
base64_decode(const char *text, size_t len, unsigned char *out, size_t *out_len)
{
	size_t used = 0;
	uint32_t group;

	if (len % 4 != 0)
		return false;
	for (size_t i = 0; i < len; i += 4) {
		size_t padding = 0;

		if (i + 4 == len && text[i + 3] == '=')
			padding = text[i + 2] == '=' ? 2 : 1;
		if (!decode_group(text + i, 4 - padding, &group))
			return false;
		for (size_t byte = 0; byte < 3 - padding; byte++)
			out[used++] = (unsigned char)(group >> (16 - 8 * byte));
	}
	*out_len = used;
	return true;
}
