/* SPDX-License-Identifier: PostgreSQL */

/* It does not know libyaml, only what libyaml refuses. */
#include "config/yaml_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/xmalloc.h"

/*
 * JSON writes a character beyond U+FFFF as two escapes, a surrogate pair, and
 * libyaml refuses each half.  So a copy of the document has the escapes of a
 * noncharacter in the place of each pair, which are as long.  Afterwards the
 * pair is restored in its scalar: as a character if the scalar was
 * double-quoted, as the escapes otherwise, where they have no meaning.  The
 * mask itself counts as a pair, so that a document may hold it.
 */
#define PAIR_LEN  12 /* \ud83d\ude00 */
#define MASK      "\\uFFFF\\uFFFF"
#define MASK_READ "\xef\xbf\xbf\xef\xbf\xbf" /* U+FFFF twice, in UTF-8 */

struct yaml_pair {
	size_t index;     /* in characters, as libyaml counts */
	const char *text; /* PAIR_LEN bytes of the document */
};

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool
is_character_start(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

/* The start of a line that is `count` lines below the one at `at`. */
static size_t
lines_below(const struct yaml_text *text, size_t at, unsigned count)
{
	const char *end;

	for (; count > 0 && at < text->len; count--) {
		end = memchr(text->bytes + at, '\n', text->len - at);
		at = end != NULL ? (size_t)(end - text->bytes) + 1 : text->len;
	}
	return at;
}

size_t
yaml_text_offset(const struct yaml_text *text, struct place place)
{
	return lines_below(text, 0, place.line - 1);
}

bool
yaml_text_has_comment(struct yaml_text *text, struct place place)
{
	size_t at;

	if (place.line > text->found.line) {
		text->found_at = lines_below(text, text->found_at,
		    place.line - text->found.line);
		text->found = (struct place){ .line = place.line, .column = 1 };
	}
	for (at = text->found_at; at < text->len &&
	     (text->found.column < place.column ||
		 !is_character_start(text->bytes[at]));
	     at++)
		text->found.column += is_character_start(text->bytes[at]);
	text->found_at = at;
	while (at < text->len && is_one_of(text->bytes[at], " \t"))
		at++;
	return at > 0 && at < text->len && text->bytes[at] == '#' &&
	    is_one_of(text->bytes[at - 1], " \t");
}

struct place
yaml_text_place(const struct yaml_text *text, size_t offset)
{
	struct place place = { .line = 1, .column = 1 };

	if (offset > text->len)
		offset = text->len;
	for (size_t i = 0; i < offset; i++) {
		if (text->bytes[i] == '\n')
			place = (struct place){ .line = place.line + 1,
				.column = 1 };
		else if (is_character_start(text->bytes[i]))
			place.column++;
	}
	return place;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number in "\uXXXX"; -1: it is something else. */
static int32_t
escape_value(const char *text)
{
	int32_t value = 0;

	if (text[0] != '\\' || text[1] != 'u')
		return -1;
	for (size_t i = 2; i < 6; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* The character of a surrogate pair; 0xffff: the mask itself; -1: neither. */
static int32_t
pair_value(const char *text)
{
	int32_t high = escape_value(text), low;

	if (high < 0)
		return -1;
	low = escape_value(text + PAIR_LEN / 2);
	if (high == 0xffff && low == 0xffff)
		return 0xffff;
	if ((high & 0xfc00) == 0xd800 && low >= 0 && (low & 0xfc00) == 0xdc00)
		return 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
	return -1;
}

static void
add_pair(struct yaml_text *document, size_t index, size_t offset)
{
	size_t count = (size_t)(document->end - document->pairs);

	/* The room doubles when the count reaches a power of two. */
	if ((count & (count - 1)) == 0)
		document->pairs = xreallocarray(document->pairs,
		    count > 0 ? 2 * count : 1, sizeof *document->pairs);
	document->pairs[count] = (struct yaml_pair){
		.index = index,
		.text = document->bytes + offset,
	};
	document->end = document->pairs + count + 1;
	memcpy(document->masked + offset, MASK, PAIR_LEN);
}

/* A backslash after a backslash begins no escape. */
static void
mask_pairs(struct yaml_text *document)
{
	const char *bytes = document->bytes;
	size_t index = 0, step;

	for (size_t i = 0; i < document->len; i += step) {
		step = 1;
		if (bytes[i] == '\\' && document->len - i >= PAIR_LEN &&
		    pair_value(bytes + i) >= 0) {
			add_pair(document, index, i);
			step = PAIR_LEN;
		} else if (bytes[i] == '\\' && i + 1 < document->len &&
		    bytes[i + 1] == '\\') {
			step = 2;
		}
		for (size_t j = i; j < i + step; j++)
			index += is_character_start(bytes[j]);
	}
	document->next = document->pairs;
}

static size_t
encode_pair(const struct yaml_pair *pair, bool is_decoded, char *out)
{
	int32_t value = pair_value(pair->text);

	if (!is_decoded) {
		memcpy(out, pair->text, PAIR_LEN);
		return PAIR_LEN;
	}
	if (value == 0xffff) {
		memcpy(out, MASK_READ, 6);
		return 6;
	}
	out[0] = (char)(0xf0 | (value >> 18));
	out[1] = (char)(0x80 | (value >> 12 & 0x3f));
	out[2] = (char)(0x80 | (value >> 6 & 0x3f));
	out[3] = (char)(0x80 | (value & 0x3f));
	return 4;
}

void
yaml_text_restore(struct yaml_text *document, char *text, size_t start,
    size_t end, bool is_decoded)
{
	const char *mask = is_decoded ? MASK_READ : MASK;
	char *out = text, *in = text, *found;
	struct yaml_pair *pair = document->next;

	while (pair < document->end && pair->index < start)
		pair++; /* this one was in a comment */
	for (; pair < document->end && pair->index < end; pair++) {
		found = strstr(in, mask);
		if (found == NULL)
			continue;
		memmove(out, in, (size_t)(found - in));
		out += found - in;
		in = found + strlen(mask);
		out += encode_pair(pair, is_decoded, out);
	}
	memmove(out, in, strlen(in) + 1);
	document->next = pair;
}

/*
 * JSON allows tabs around a document.  YAML takes them for indentation, and
 * refuses them.
 */
static void
blank_outer_tabs(char *text, size_t len)
{
	size_t first = 0, last = len;

	while (first < len && is_one_of(text[first], " \t\r\n"))
		first++;
	while (last > first && is_one_of(text[last - 1], " \t\r\n"))
		last--;
	if (first == last || !is_one_of(text[first], "{[") ||
	    !is_one_of(text[last - 1], "}]"))
		return;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\t' && (i < first || i >= last))
			text[i] = ' ';
}

void
yaml_text_open(struct yaml_text *text, const char *bytes, size_t len)
{
	*text = (struct yaml_text){ .bytes = bytes,
		.len = len,
		.found = { .line = 1, .column = 1 } };
	text->masked = xmalloc(len);
	if (len > 0)
		memcpy(text->masked, bytes, len);
	mask_pairs(text);
	blank_outer_tabs(text->masked, len);
}

void
yaml_text_close(struct yaml_text *text)
{
	secret_wipe(text->masked, text->len);
	free(text->masked);
	free(text->pairs);
}

/* The length of "[...]" if it may hold an IPv6 address, else 0. */
static size_t
bracketed_len(const char *text, const char *end)
{
	size_t len = 1;

	while (text + len < end &&
	    (hex_digit(text[len]) >= 0 || is_one_of(text[len], ":.")))
		len++;
	if (text + len == end || text[len] != ']')
		return 0;
	return memchr(text, ':', len) != NULL ? len + 1 : 0;
}

bool
yaml_text_has_bare_address(const struct yaml_text *text, struct place *place)
{
	const char *end = text->bytes + text->len, *at = text->bytes;

	for (unsigned line = 1; at != NULL && line < place->line; line++) {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at != NULL ? at + 1 : NULL;
	}
	for (; at != NULL && at < end && !is_one_of(*at, "\n\"'#"); at++)
		if (*at == '[' && bracketed_len(at, end) > 0) {
			*place = yaml_text_place(text,
			    (size_t)(at - text->bytes));
			return true;
		}
	return false;
}
