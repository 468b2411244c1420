/* SPDX-License-Identifier: PostgreSQL */

#include "config/slip_line.h"

#include <string.h>

#include "base/text.h"
#include "config/slip.h"

char
slip_line_byte(const struct slip_text *text, const struct slip_line *line,
    size_t at)
{
	return at < line->end ? text->bytes[at] : '\n';
}

bool
slip_line_is_gap(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

size_t
slip_line_skip_gap(const struct slip_text *text, const struct slip_line *line,
    size_t at)
{
	while (at < line->end && slip_line_is_gap(text->bytes[at]))
		at++;
	return at;
}

bool
slip_line_is_rest_blank(const struct slip_text *text,
    const struct slip_line *line, size_t at)
{
	size_t next = slip_line_skip_gap(text, line, at);

	if (next >= line->end)
		return true;
	return text->bytes[next] == '#' &&
	    (next == line->start || slip_line_is_gap(text->bytes[next - 1]));
}

struct slip_line
slip_line_at(const struct slip_text *text, size_t start)
{
	const char *end = memchr(text->bytes + start, '\n', text->len - start);
	struct slip_line line = { .start = start, .at = start };

	line.end = end != NULL ? (size_t)(end - text->bytes) : text->len;
	while (line.end > start && slip_line_is_gap(text->bytes[line.end - 1]))
		line.end--;
	return line;
}

struct slip_line
slip_line_of_end(const struct slip_text *text, size_t start, size_t end)
{
	size_t next;

	while ((next = slip_line_next(text, start)) < end)
		start = next;
	return slip_line_at(text, start);
}

size_t
slip_line_next(const struct slip_text *text, size_t at)
{
	const char *end = memchr(text->bytes + at, '\n', text->len - at);

	return end != NULL ? (size_t)(end - text->bytes) + 1 : text->len;
}

size_t
slip_line_indent(const struct slip_text *text, const struct slip_line *line)
{
	size_t at = line->start;

	while (at < line->end && text->bytes[at] == ' ')
		at++;
	return at - line->start;
}

bool
slip_line_is_key_material(const struct slip_text *text,
    const struct slip_line *line)
{
	size_t at = line->start + slip_line_indent(text, line), count = 0;

	if (slip_is_at(text->bytes, text->len, at, "-----"))
		return true;
	for (; at < line->end; at++, count++)
		if (memchr(TEXT_LETTERS TEXT_DIGITS "+/=", text->bytes[at],
			65) == NULL)
			return false;
	return count >= 16;
}

size_t
slip_line_number(const char *bytes, size_t offset)
{
	size_t line = 1;

	for (size_t i = 0; i < offset; i++)
		line += bytes[i] == '\n';
	return line;
}
