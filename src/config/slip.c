/* SPDX-License-Identifier: PostgreSQL */

#include "config/slip.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

bool
slip_found(struct slip *slip, size_t offset, const char *format, ...)
{
	va_list args;

	slip->offset = offset;
	va_start(args, format);
	vsnprintf(slip->text, sizeof slip->text, format, args);
	va_end(args);
	return true;
}

/*
 * The length of the escape that begins with the backslash at `at`; 0: YAML and
 * JSON have no such escape.
 */
static size_t
escape_len(const char *bytes, size_t len, size_t at)
{
	static const char plain[] = "0abt\tnvfre \"/\\N_LP\r\n";
	char c = at + 1 < len ? bytes[at + 1] : '\0';
	size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;

	if (c != '\0' && strchr(plain, c) != NULL)
		return 2;
	if (digits == 0 || at + 2 + digits > len)
		return 0;
	for (size_t i = 0; i < digits; i++)
		if (memchr(TEXT_DIGITS "abcdefABCDEF", bytes[at + 2 + i], 22) ==
		    NULL)
			return 0;
	return 2 + digits;
}

struct slip_quoted
slip_quoted(const char *bytes, size_t len, size_t at)
{
	struct slip_quoted quoted = { 0 };
	char quote = bytes[at];
	size_t step;

	for (size_t i = at + 1; i < len; i += step) {
		step = 1;
		if (bytes[i] == '\n')
			quoted.is_long = true;
		if (quote == '\'' && slip_is_at(bytes, len, i, "''")) {
			step = 2;
		} else if (bytes[i] == quote) {
			quoted.end = i + 1;
			return quoted;
		} else if (quote == '"' && bytes[i] == '\\') {
			step = escape_len(bytes, len, i);
			if (step == 0 && quoted.bad_escape == 0)
				quoted.bad_escape = i;
			if (step == 0)
				step = 1;
		}
	}
	return quoted;
}

bool
slip_is_at(const char *bytes, size_t len, size_t at, const char *text)
{
	size_t text_len = strlen(text);

	return at <= len && len - at >= text_len &&
	    memcmp(bytes + at, text, text_len) == 0;
}

bool
slip_is_curly_quote(const char *bytes, size_t len, size_t at)
{
	static const char *const quotes[] = { "\xe2\x80\x98", "\xe2\x80\x99",
		"\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e" };

	for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++)
		if (slip_is_at(bytes, len, at, quotes[i]))
			return true;
	return false;
}
