/* SPDX-License-Identifier: PostgreSQL */

#include "base/text.h"

#include <string.h>

bool
text_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

void
text_printable(char *out, size_t size, const void *bytes, size_t len)
{
	const unsigned char *in = bytes, *end = in + len;
	size_t used = 0;
	bool is_space_due = false;

	for (; in < end && used + 2 < size; in++) {
		if (*in == ' ' || (*in >= '\t' && *in <= '\r')) {
			is_space_due = used > 0;
			continue;
		}
		if (is_space_due)
			out[used++] = ' ';
		is_space_due = false;
		if (used + 1 < size)
			out[used++] = *in > ' ' && *in < 0x7f ? (char)*in : '?';
	}
	if (size > 0)
		out[used] = '\0';
}

size_t
text_len_without_line_end(const char *text)
{
	size_t len = strlen(text);

	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	return len;
}
