/* SPDX-License-Identifier: PostgreSQL */

/*
 * A line at a time, with a stack of the mappings and lists that are open.  Only
 * a document that libyaml refused is looked at, so what is unusual may be
 * taken for the slip.  Nothing of a value is quoted: it may be a secret.
 */
#include "config/yaml_slip.h"

#include <string.h>

#include "base/text.h"
#include "config/json_slip.h"
#include "config/slip.h"
#include "config/slip_line.h"
#include "config/slip_value.h"

#define LEVELS_MAX 32

/* A mapping or a list, by the column where its keys or dashes stand. */
struct level {
	size_t indent;
	bool is_list;
};

/* The line before, as far as it decides what this one may be. */
enum before {
	BEFORE_NOTHING,
	BEFORE_KEY,   /* a key without a value: anything may follow deeper */
	BEFORE_VALUE, /* a key or an item with its value */
	BEFORE_WORDS, /* a line of words without a key */
};

struct look {
	struct slip_look of; /* the values */
	struct level levels[LEVELS_MAX];
	size_t level_count;
	enum before before;
	size_t words_at, words_indent; /* of the line of words */
};

static bool
is_at(const struct look *look, size_t at, const char *text)
{
	return slip_is_at(look->of.text.bytes, look->of.text.len, at, text);
}

/* --- Keys and indentation ------------------------------------------------- */

/* The colon behind the key at line->at; 0: there is no key. */
static size_t
key_end(const struct look *look, const struct slip_line *line)
{
	char first = slip_line_byte(&look->of.text, line, line->at);
	size_t at = line->at;

	if (first == '"' || first == '\'') {
		struct slip_quoted quoted = slip_quoted(look->of.text.bytes,
		    line->end, at);

		at = quoted.end > 0
		    ? slip_line_skip_gap(&look->of.text, line, quoted.end)
		    : at;
		return slip_line_byte(&look->of.text, line, at) == ':' ? at : 0;
	}
	for (; at < line->end; at++) {
		if (look->of.text.bytes[at] == ':' &&
		    slip_line_is_gap(
			slip_line_byte(&look->of.text, line, at + 1)))
			return at;
		if (look->of.text.bytes[at] == '#' && at > line->at &&
		    slip_line_is_gap(look->of.text.bytes[at - 1]))
			return 0;
	}
	return 0;
}

static struct level *
top(struct look *look)
{
	return look->level_count > 0 ? &look->levels[look->level_count - 1]
				     : NULL;
}

static void
push(struct look *look, size_t indent, bool is_list)
{
	if (look->level_count < LEVELS_MAX)
		look->levels[look->level_count++] = (struct level){
			.indent = indent,
			.is_list = is_list,
		};
}

/* A key or a dash deeper than all that is open, which nothing allows. */
static bool
refuse_deeper(struct look *look, const struct slip_line *line)
{
	if (look->before == BEFORE_WORDS &&
	    look->words_indent == line->at - line->start)
		return slip_found(look->of.slip, look->words_at,
		    "a colon is missing behind this key");
	return slip_found(look->of.slip, line->at,
	    "this line is indented deeper than the one above, which has a "
	    "value already; indent both alike");
}

static bool
refuse_indent(struct look *look, const struct slip_line *line, size_t deeper)
{
	return slip_found(look->of.slip, line->at,
	    "this line is indented by %zu spaces, the lines that it may belong "
	    "to by %zu or %zu",
	    line->at - line->start, top(look)->indent, deeper);
}

/*
 * A list may stand in the column of the key that it belongs to.  A dash where
 * the key has a value already, or a key among dashes, is out of place.
 */
static bool
meet(struct look *look, const struct slip_line *line, bool is_list)
{
	struct level *level = top(look);

	if (level->is_list == is_list)
		return false;
	if (is_list && look->before == BEFORE_KEY) {
		push(look, level->indent, true);
		return false;
	}
	if (!is_list && look->level_count > 1 &&
	    look->levels[look->level_count - 2].indent == level->indent) {
		look->level_count--;
		return false;
	}
	return slip_found(look->of.slip, line->at,
	    is_list ? "a list item cannot stand between keys; a key is missing "
		      "above it, or indent it below its key"
		    : "this key stands in the column of the list's dashes; "
		      "indent it like the keys of the item above");
}

/* A key or a dash at line->at.  Finds its mapping or list, or opens it. */
static bool
arrive(struct look *look, const struct slip_line *line, bool is_list)
{
	size_t indent = line->at - line->start, deeper = 0;

	while (top(look) != NULL && top(look)->indent > indent) {
		deeper = top(look)->indent;
		look->level_count--;
	}
	if (top(look) != NULL && top(look)->indent == indent)
		return meet(look, line, is_list);
	if (deeper > 0 && top(look) != NULL)
		return refuse_indent(look, line, deeper);
	if (look->before == BEFORE_VALUE || look->before == BEFORE_WORDS)
		return refuse_deeper(look, line);
	push(look, indent, is_list);
	return false;
}

/* --- Lines without a key -------------------------------------------------- */

/* Whether this line may be part of a text that began above. */
static bool
may_go_on(struct look *look, const struct slip_line *line)
{
	const struct level *level = top(look);

	return level != NULL && line->at - line->start > level->indent;
}

static bool
look_at_words(struct look *look, const struct slip_line *line)
{
	size_t word = line->at, at;

	while (word < line->end && look->of.text.bytes[word] != '\0' &&
	    strchr(TEXT_LETTERS TEXT_DIGITS "_-", look->of.text.bytes[word]) !=
		NULL)
		word++;
	at = slip_line_skip_gap(&look->of.text, line, word);
	if (word > line->at &&
	    slip_line_byte(&look->of.text, line, word) == ':')
		return slip_found(look->of.slip, word,
		    "a space must follow this colon");
	if (word > line->at && slip_line_byte(&look->of.text, line, at) == '=')
		return slip_found(look->of.slip, at,
		    "write a colon and a space in the place of \"=\"");
	if (may_go_on(look, line) && look->before != BEFORE_NOTHING) {
		if (look->before != BEFORE_WORDS) {
			look->words_at = line->at;
			look->words_indent = line->at - line->start;
		}
		look->before = BEFORE_WORDS;
		return false;
	}
	if (slip_line_is_key_material(&look->of.text, line) &&
	    look->of.name_len > 0)
		return slip_value_refuse_outdent(&look->of, line);
	if (look->level_count == 0 && line->at == line->start)
		return false; /* a document that is a text */
	return slip_found(look->of.slip, line->at,
	    word > line->at ? "a colon is missing behind this key"
			    : "a key and a colon must begin this line");
}

/* --- The document --------------------------------------------------------- */

/* Blanks that are none for YAML, and what else looks like nothing. */
static const struct {
	const char *bytes, *name;
} invisible[] = {
	{ "\xc2\xa0", "a no-break space (U+00A0)" },
	{ "\xe2\x80\x87", "a figure space (U+2007)" },
	{ "\xe2\x80\xaf", "a narrow no-break space (U+202F)" },
	{ "\xe3\x80\x80", "an ideographic space (U+3000)" },
	{ "\xe2\x80\x8b", "a zero-width space (U+200B)" },
	{ "\xef\xbb\xbf", "a byte order mark (U+FEFF)" },
};

/* In front of the key, and between it and its value. */
static bool
look_for_invisible(struct look *look, const struct slip_line *line)
{
	for (size_t at = line->start; at < line->end; at++) {
		if (strchr("\"'#|>", look->of.text.bytes[at]) != NULL)
			return false;
		for (size_t i = 0; i < sizeof invisible / sizeof *invisible;
		     i++)
			if (is_at(look, at, invisible[i].bytes))
				return slip_found(look->of.slip, at,
				    "%s stands here; put an ordinary space in "
				    "its place",
				    invisible[i].name);
	}
	return false;
}

static bool
look_at_key(struct look *look, struct slip_line *line, size_t colon)
{
	if (is_at(look, line->at, "-"))
		return slip_found(look->of.slip, line->at,
		    "a space must follow this dash");
	if (arrive(look, line, false))
		return true;
	look->of.name = look->of.text.bytes + line->at;
	look->of.name_len = colon - line->at;
	look->of.name_indent = line->at - line->start;
	line->at = slip_line_skip_gap(&look->of.text, line, colon + 1);
	if (slip_line_is_rest_blank(&look->of.text, line, colon + 1)) {
		look->before = BEFORE_KEY;
		return false;
	}
	/* An anchor alone: what it names follows. */
	look->before = look->of.text.bytes[line->at] == '&' ? BEFORE_KEY
							    : BEFORE_VALUE;
	return slip_value_look(&look->of, line);
}

/* What follows the indentation, and dashes. */
static bool
look_at_content(struct look *look, struct slip_line *line)
{
	size_t colon = key_end(look, line);

	if (colon > 0)
		return look_at_key(look, line, colon);
	if (look->before == BEFORE_NOTHING && top(look) != NULL &&
	    top(look)->is_list) {
		look->before = BEFORE_WORDS;
		look->words_at = line->at;
		look->words_indent = line->at - line->start;
		look->of.name_indent = top(look)->indent;
		look->of.name_len = 0;
		return slip_value_look(&look->of, line);
	}
	return look_at_words(look, line);
}

static bool
look_at_line(struct look *look, struct slip_line *line)
{
	line->at += slip_line_indent(&look->of.text, line);
	if (slip_line_is_rest_blank(&look->of.text, line, line->start))
		return false;
	if (look->of.text.bytes[line->at] == '\t')
		return slip_found(look->of.slip, line->at,
		    "a tab stands here; YAML is indented with spaces only");
	if (look_for_invisible(look, line))
		return true;
	if (is_at(look, line->at, "```"))
		return slip_found(look->of.slip, line->at,
		    "it is Markdown; leave this line out");
	if (is_at(look, line->at, "---") && !is_at(look, line->at, "----"))
		return false;
	if (slip_is_curly_quote(look->of.text.bytes, look->of.text.len,
		line->at))
		return slip_found(look->of.slip, line->at,
		    "this is a typographic quote; write \"");
	while (slip_line_byte(&look->of.text, line, line->at) == '-' &&
	    slip_line_is_gap(
		slip_line_byte(&look->of.text, line, line->at + 1))) {
		if (arrive(look, line, true))
			return true;
		look->before = BEFORE_NOTHING;
		line->at = slip_line_skip_gap(&look->of.text, line,
		    line->at + 1);
		if (slip_line_is_rest_blank(&look->of.text, line, line->at))
			return false;
	}
	return look_at_content(look, line);
}

/* "[section]" and "key = value": the file of another program. */
static bool
is_ini(const struct look *look)
{
	struct slip_line line = slip_line_at(&look->of.text, 0);
	size_t word = 1;

	while (word < line.end && look->of.text.bytes[word] != '\0' &&
	    strchr(TEXT_LETTERS "_-", look->of.text.bytes[word]) != NULL)
		word++;
	if (slip_line_byte(&look->of.text, &line, 0) != '[' ||
	    word + 1 != line.end || look->of.text.bytes[word] != ']')
		return false;
	line = slip_line_at(&look->of.text,
	    slip_line_next(&look->of.text, line.end));
	return memchr(look->of.text.bytes + line.start, '=',
		   line.end - line.start) != NULL;
}

/* JSON that begins with a key, at *first, and ends with a brace. */
static bool
lacks_brace(const struct look *look, size_t *first)
{
	size_t len = look->of.text.len;

	while (*first < len && slip_line_is_gap(look->of.text.bytes[*first]))
		++*first;
	while (len > *first && slip_line_is_gap(look->of.text.bytes[len - 1]))
		len--;
	return len > *first && look->of.text.bytes[*first] == '"' &&
	    look->of.text.bytes[len - 1] == '}';
}

bool
yaml_slip_find(const char *bytes, size_t len, size_t end, struct slip *slip)
{
	struct look look = {
		.of = {
			.text = { bytes, len },
			.end = end,
			.slip = slip,
		},
	};
	struct slip_line line;
	size_t first = 0;

	if (is_ini(&look))
		return slip_found(slip, 0,
		    "it is an INI file, such as pgbouncer.ini; pgjump reads "
		    "YAML and JSON");
	if (json_slip_is_json(bytes, len))
		return json_slip_find(bytes, len, slip);
	if (lacks_brace(&look, &first))
		return slip_found(slip, first,
		    "a \"{\" is missing before this");
	while (look.of.next < len && look.of.next <= end) {
		line = slip_line_at(&look.of.text, look.of.next);
		look.of.next = slip_line_next(&look.of.text, look.of.next);
		if (look_at_line(&look, &line))
			return true;
	}
	return false;
}
