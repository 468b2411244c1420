/* SPDX-License-Identifier: PostgreSQL */

/* Nothing of a value is quoted: it may be a secret. */
#include "config/slip_value.h"

#include <string.h>

#include "base/text.h"
#include "config/json_slip.h"
#include "config/slip.h"

#define NAME_SHOWN 40 /* no key of pgjump is longer */

static bool
wants_quotes(struct slip_look *look, size_t at, const char *why)
{
	return slip_found(look->slip, at, "put the value in single quotes: %s",
	    why);
}

/* A line of spanned text that looks like "key: value" was not meant as text. */
static bool
spans_key(const struct slip_look *look, size_t from, size_t to)
{
	size_t at = slip_line_next(&look->text, from);

	for (; at < to; at = slip_line_next(&look->text, at)) {
		struct slip_line line = slip_line_at(&look->text, at);
		size_t word = at + slip_line_indent(&look->text, &line),
		       end = word;

		if (slip_is_at(look->text.bytes, look->text.len, word, "- "))
			end = word += 2;
		while (end < line.end && look->text.bytes[end] != '\0' &&
		    strchr("abcdefghijklmnopqrstuvwxyz_",
			look->text.bytes[end]) != NULL)
			end++;
		if (end > word &&
		    slip_line_byte(&look->text, &line, end) == ':' &&
		    slip_line_is_gap(
			slip_line_byte(&look->text, &line, end + 1)))
			return true;
	}
	return false;
}

/* What follows a quote that closes too early. */
static bool
refuse_early_quote(struct slip_look *look, size_t quote)
{
	return slip_found(look->slip, quote,
	    look->text.bytes[quote] == '\''
		? "a single quote inside single quotes is written twice: ''"
		: "a double quote inside double quotes is written \\\", or put "
		  "the value in single quotes");
}

static bool
look_at_quoted(struct slip_look *look, const struct slip_line *line)
{
	struct slip_quoted quoted = slip_quoted(look->text.bytes,
	    look->text.len, line->at);
	size_t end = quoted.end;
	struct slip_line last;

	if (end == 0 || (quoted.is_long && spans_key(look, line->at, end)))
		return slip_found(look->slip, line->at,
		    "the quote that begins here is not closed");
	last = slip_line_of_end(&look->text, line->start, end);
	if (!slip_line_is_rest_blank(&look->text, &last, end) &&
	    slip_line_byte(&look->text, &last,
		slip_line_skip_gap(&look->text, &last, end)) == ',')
		return slip_found(look->slip, end,
		    "a comma stands behind the value; leave it out");
	if (!slip_line_is_rest_blank(&look->text, &last, end))
		return quoted.is_long
		    ? slip_found(look->slip, line->at,
			  "the quote that begins here is not closed in its line")
		    : refuse_early_quote(look, end - 1);
	if (quoted.bad_escape != 0)
		return wants_quotes(look, line->at,
		    "in double quotes a backslash begins an escape");
	look->next = slip_line_next(&look->text, end - 1);
	return false;
}

/* The end of "[...]" or "{...}", over lines; 0: there is none. */
static size_t
flow_end(const struct slip_look *look, size_t at)
{
	size_t depth = 0;

	for (; at < look->text.len; at++) {
		char c = look->text.bytes[at];

		if ((c == '"' || c == '\'') &&
		    strchr("[{,: \n", look->text.bytes[at - 1]) != NULL) {
			struct slip_quoted quoted =
			    slip_quoted(look->text.bytes, look->text.len, at);

			if (quoted.end == 0)
				return 0;
			at = quoted.end - 1;
		}
		if (c == '[' || c == '{')
			depth++;
		else if ((c == ']' || c == '}') && --depth == 0)
			return at + 1;
	}
	return 0;
}

static bool
look_at_flow(struct slip_look *look, const struct slip_line *line)
{
	size_t at = line->at, end = flow_end(look, at);
	struct slip_line last;

	if (end == 0 || spans_key(look, at, end))
		return slip_found(look->slip, at,
		    "the \"%c\" that begins here is not closed; if it belongs "
		    "to a text, put the value in single quotes",
		    look->text.bytes[at]);
	last = slip_line_of_end(&look->text, line->start, end);
	if (!slip_line_is_rest_blank(&look->text, &last, end))
		return wants_quotes(look, at,
		    look->text.bytes[at] == '['
			? "in YAML \"[\" begins a list"
			: "in YAML \"{\" begins a mapping");
	look->next = slip_line_next(&look->text, end - 1);
	if (end <= look->end ||
	    !json_slip_find(look->text.bytes + at, end - at, look->slip))
		return false;
	look->slip->offset += at;
	return true;
}

static bool
is_header_end(const struct slip_look *look, const struct slip_line *line)
{
	size_t at = line->at + 1;

	while (strchr("+-0123456789", slip_line_byte(&look->text, line, at)) !=
	    NULL)
		at++;
	return slip_line_is_rest_blank(&look->text, line, at);
}

bool
slip_value_refuse_outdent(const struct slip_look *look,
    const struct slip_line *line)
{
	size_t shown = look->name_len <= NAME_SHOWN ? look->name_len : 0;

	return slip_found(look->slip,
	    line->start + slip_line_indent(&look->text, line),
	    "indent the key below %.*s: every line of it, by %zu spaces",
	    shown > 0 ? (int)shown : 10, shown > 0 ? look->name : "its option",
	    look->name_indent + 2);
}

/* The lines of a text below "|" or ">". */
static bool
look_at_block(struct slip_look *look, const struct slip_line *header)
{
	size_t at = slip_line_next(&look->text, header->start), text_indent = 0;

	for (; at < look->text.len; at = slip_line_next(&look->text, at)) {
		struct slip_line line = slip_line_at(&look->text, at);
		size_t indent = slip_line_indent(&look->text, &line);

		if (at + indent >= line.end)
			continue;
		if (indent <= look->name_indent &&
		    slip_line_is_key_material(&look->text, &line))
			return slip_value_refuse_outdent(look, &line);
		if (indent <= look->name_indent)
			break;
		if (text_indent > 0 && indent < text_indent)
			return slip_found(look->slip, at + indent,
			    "indent this line like the first one of its text, "
			    "by %zu spaces",
			    text_indent);
		if (text_indent == 0)
			text_indent = indent;
	}
	look->next = at;
	return false;
}

/* ": " or ":" at the end, outside of a comment. */
static bool
holds_colon(const struct slip_look *look, const struct slip_line *line)
{
	for (size_t i = line->at; i < line->end; i++) {
		if (look->text.bytes[i] == '#' &&
		    slip_line_is_gap(look->text.bytes[i - 1]))
			return false;
		if (look->text.bytes[i] == ':' &&
		    slip_line_is_gap(slip_line_byte(&look->text, line, i + 1)))
			return true;
	}
	return false;
}

static bool
look_at_plain(struct slip_look *look, const struct slip_line *line)
{
	if (slip_is_at(look->text.bytes, look->text.len, line->at, "- "))
		return slip_found(look->slip, line->at,
		    "a list begins in the line below, or is written [a, b]");
	if (holds_colon(look, line))
		return wants_quotes(look, line->at,
		    "a colon and a space begin a value; or put each key on a "
		    "line of its own");
	return false;
}

/* An alias or an anchor, whose name must be all or be followed by a value. */
static bool
look_at_alias(struct slip_look *look, const struct slip_line *line)
{
	size_t at = line->at + 1;

	while (at < line->end && look->text.bytes[at] != '\0' &&
	    strchr(TEXT_LETTERS TEXT_DIGITS "_-", look->text.bytes[at]) != NULL)
		at++;
	if (at > line->at + 1 &&
	    (slip_line_is_rest_blank(&look->text, line, at) ||
		(look->text.bytes[line->at] == '&' &&
		    slip_line_is_gap(look->text.bytes[at]))))
		return false;
	return wants_quotes(look, line->at,
	    "in YAML \"&\" and \"*\" begin an anchor and an alias");
}

bool
slip_value_look(struct slip_look *look, const struct slip_line *line)
{
	switch (slip_line_byte(&look->text, line, line->at)) {
	case '"':
	case '\'':
		return look_at_quoted(look, line);
	case '[':
	case '{':
		return look_at_flow(look, line);
	case '|':
	case '>':
		if (is_header_end(look, line))
			return look_at_block(look, line);
		return slip_is_at(look->text.bytes, look->text.len, line->at,
			   "| -----")
		    ? slip_found(look->slip, line->at + 2,
			  "the text begins in the line below \"|\", indented")
		    : wants_quotes(look, line->at,
			  "in YAML \"|\" and \">\" begin a text of lines");
	case '&':
	case '*':
		return look_at_alias(look, line);
	case '@':
	case '`':
	case '%':
	case ',':
	case ']':
	case '}':
		return wants_quotes(look, line->at,
		    "in YAML it cannot begin with this character");
	default:
		return look_at_plain(look, line);
	}
}
