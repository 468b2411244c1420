/* SPDX-License-Identifier: PostgreSQL */

/*
 * One pass over the tokens with a stack of open brackets.  Nothing of a value
 * is quoted: it may be a secret.
 */
#include "config/json_slip.h"

#include <string.h>

#include "config/slip.h"
#include "config/slip_line.h"

/* Deeper documents are refused for that. */
#define DEPTH_MAX 64

/* What may come next. */
enum turn {
	TURN_VALUE,
	TURN_KEY,
	TURN_COLON,
	TURN_COMMA, /* or the end of the mapping or list */
	TURN_END,   /* of the document */
};

struct bracket {
	char close; /* what ends it */
	size_t offset;
	size_t indent; /* of its line */
};

struct scan {
	const char *bytes;
	size_t len, at;
	struct bracket open[DEPTH_MAX];
	size_t depth;
	enum turn turn;
	size_t last_end;  /* behind the last token */
	size_t colon_end; /* behind the last colon */
	/* The first closing bracket that is indented otherwise than its line.
	 */
	size_t odd_close, odd_open;
	struct slip *slip;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char
peek(const struct scan *scan, size_t ahead)
{
	return scan->at + ahead < scan->len ? scan->bytes[scan->at + ahead]
					    : '\0';
}

/* Blank space, and YAML's comments. */
static void
skip_blank(struct scan *scan)
{
	while (scan->at < scan->len) {
		if (peek(scan, 0) == '#')
			while (scan->at < scan->len && peek(scan, 0) != '\n')
				scan->at++;
		else if (is_blank(peek(scan, 0)))
			scan->at++;
		else
			break;
	}
}

/* The indentation of the line at `offset`. */
static size_t
indent_of(const struct scan *scan, size_t offset)
{
	size_t start = offset, indent = 0;

	while (start > 0 && scan->bytes[start - 1] != '\n')
		start--;
	while (start + indent < scan->len &&
	    (scan->bytes[start + indent] == ' ' ||
		scan->bytes[start + indent] == '\t'))
		indent++;
	return indent;
}

static bool
is_first_in_line(const struct scan *scan, size_t offset)
{
	while (offset > 0 && scan->bytes[offset - 1] != '\n')
		if (!is_blank(scan->bytes[--offset]))
			return false;
	return true;
}

/* --- Strings and words ---------------------------------------------------- */

/* Each of the following reads on, or returns true if it finds a slip. */

/*
 * A string that ends in another line is allowed.  If what follows it cannot
 * follow a string, its own end is missing, and another string's start was taken
 * for it.
 */
static bool
read_string(struct scan *scan)
{
	size_t start = scan->at;
	struct slip_quoted quoted = slip_quoted(scan->bytes, scan->len, start);

	if (quoted.end == 0)
		return slip_found(scan->slip, start,
		    "the quote that begins here is not closed");
	scan->at = quoted.end;
	skip_blank(scan);
	if (quoted.is_long && scan->at < scan->len &&
	    memchr(",:}]", peek(scan, 0), 4) == NULL)
		return slip_found(scan->slip, start,
		    "the quote that begins here is not closed in its line");
	if (quoted.bad_escape != 0)
		return slip_found(scan->slip, quoted.bad_escape,
		    "a backslash in double quotes begins an escape; write two "
		    "of them for one");
	scan->last_end = quoted.end;
	return false;
}

/* A bare word, as YAML allows it.  A quote inside lost its counterpart. */
static bool
read_word(struct scan *scan)
{
	size_t start = scan->at;

	while (scan->at < scan->len &&
	    memchr(",{}[]\n", peek(scan, 0), 6) == NULL &&
	    !(peek(scan, 0) == ':' &&
		(is_blank(peek(scan, 1)) || scan->at + 1 == scan->len))) {
		if (peek(scan, 0) == '"')
			return slip_found(scan->slip, start,
			    "a double quote is missing before this");
		scan->at++;
	}
	if (scan->at == start)
		return slip_found(scan->slip, start,
		    "a value is missing before this");
	scan->last_end = scan->at;
	while (is_blank(scan->bytes[scan->last_end - 1]))
		scan->last_end--;
	return false;
}

/* --- Brackets ------------------------------------------------------------- */

static bool
open_bracket(struct scan *scan)
{
	char c = peek(scan, 0);

	if (scan->depth == DEPTH_MAX)
		return slip_found(scan->slip, scan->at, "nested too deeply");
	scan->open[scan->depth++] = (struct bracket){
		.close = c == '{' ? '}' : ']',
		.offset = scan->at,
		.indent = indent_of(scan, scan->at),
	};
	scan->turn = c == '{' ? TURN_KEY : TURN_VALUE;
	scan->last_end = ++scan->at;
	return false;
}

/* A closing bracket below the wrong line shows which one is missing. */
static void
compare_indents(struct scan *scan, const struct bracket *open)
{
	if (scan->odd_close == 0 && is_first_in_line(scan, scan->at) &&
	    indent_of(scan, scan->at) != open->indent) {
		scan->odd_close = scan->at;
		scan->odd_open = open->offset;
	}
}

static bool
not_closed(struct scan *scan, const struct bracket *open)
{
	if (scan->odd_close != 0)
		return slip_found(scan->slip, scan->odd_close,
		    "a \"%c\" is missing before this: the \"%c\" in line %zu is "
		    "not closed",
		    scan->bytes[scan->odd_open] == '{' ? '}' : ']',
		    scan->bytes[scan->odd_open],
		    slip_line_number(scan->bytes, scan->odd_open));
	return slip_found(scan->slip, scan->at,
	    "a \"%c\" is missing before this: the \"%c\" in line %zu is not "
	    "closed",
	    open->close, scan->bytes[open->offset],
	    slip_line_number(scan->bytes, open->offset));
}

static bool
close_bracket(struct scan *scan)
{
	char c = peek(scan, 0);
	const struct bracket *open;

	if (scan->depth == 0)
		return slip_found(scan->slip, scan->at,
		    "this \"%c\" closes nothing; leave it out", c);
	open = &scan->open[scan->depth - 1];
	compare_indents(scan, open);
	if (open->close != c)
		return not_closed(scan, open);
	if (scan->turn == TURN_COLON)
		return slip_found(scan->slip, scan->last_end,
		    "a colon and a value are missing after this key");
	scan->depth--;
	scan->turn = scan->depth == 0 ? TURN_END : TURN_COMMA;
	scan->last_end = ++scan->at;
	return false;
}

/* --- The document --------------------------------------------------------- */

/* What stands where a comma or an end is due. */
static bool
refuse_more(struct scan *scan)
{
	if (scan->turn == TURN_END && scan->odd_close != 0)
		return slip_found(scan->slip, scan->odd_close,
		    "this closes the \"%c\" in line %zu, which is indented "
		    "otherwise: a bracket is missing or one too many",
		    scan->bytes[scan->odd_open],
		    slip_line_number(scan->bytes, scan->odd_open));
	if (scan->turn == TURN_END && memchr("{[,", peek(scan, 0), 3) != NULL)
		return slip_found(scan->slip, scan->at,
		    "a second document; put both into one list: "
		    "[ {...}, {...} ]");
	if (scan->turn == TURN_END)
		return slip_found(scan->slip, scan->at,
		    "text after the end of the document; leave it out");
	return slip_found(scan->slip, scan->last_end,
	    "a comma is missing after this");
}

/* A value or a key has been read. */
static void
pass(struct scan *scan)
{
	if (scan->depth == 0)
		scan->turn = TURN_END;
	else
		scan->turn = scan->turn == TURN_KEY ? TURN_COLON : TURN_COMMA;
}

static bool
read_text(struct scan *scan)
{
	bool is_string = peek(scan, 0) == '"' || peek(scan, 0) == '\'';

	/* The quote that ended the text before was to begin another one. */
	if (scan->at > 0 && scan->at == scan->last_end &&
	    scan->turn != TURN_KEY && scan->turn != TURN_VALUE &&
	    scan->bytes[scan->at - 1] == '"')
		return slip_found(scan->slip, scan->at - 1,
		    "a double quote is missing before this one, or a "
		    "backslash");
	if (scan->turn == TURN_COLON)
		return slip_found(scan->slip, scan->last_end,
		    "a colon is missing after this");
	if (scan->turn == TURN_COMMA || scan->turn == TURN_END)
		return refuse_more(scan);
	if (is_string ? read_string(scan) : read_word(scan))
		return true;
	pass(scan);
	return false;
}

static bool
read_comma(struct scan *scan)
{
	char close = scan->depth > 0 ? scan->open[scan->depth - 1].close : '\0';

	if (scan->turn == TURN_END)
		return refuse_more(scan);
	if (scan->turn == TURN_COLON)
		return slip_found(scan->slip, scan->last_end,
		    "a colon and a value are missing after this key");
	if (scan->turn != TURN_COMMA)
		return slip_found(scan->slip, scan->at,
		    "this comma has nothing before it; leave it out");
	scan->turn = close == '}' ? TURN_KEY : TURN_VALUE;
	scan->last_end = ++scan->at;
	return false;
}

static bool
read_colon(struct scan *scan)
{
	if (scan->turn == TURN_COMMA && scan->colon_end > 0)
		return slip_found(scan->slip, scan->colon_end,
		    "a value is missing after this colon, or a \"{\"");
	if (scan->turn != TURN_COLON)
		return slip_found(scan->slip, scan->at,
		    "a key must stand before this colon");
	scan->turn = TURN_VALUE;
	scan->last_end = scan->colon_end = ++scan->at;
	return false;
}

static bool
read_token(struct scan *scan)
{
	if (slip_is_curly_quote(scan->bytes, scan->len, scan->at))
		return slip_found(scan->slip, scan->at,
		    "this is a typographic quote; write \"");
	if (peek(scan, 0) == '/' &&
	    (peek(scan, 1) == '/' || peek(scan, 1) == '*'))
		return slip_found(scan->slip, scan->at,
		    "JSON has no comments; leave this out, or begin it with #");
	switch (peek(scan, 0)) {
	case '{':
	case '[':
		if (scan->turn == TURN_COLON || scan->turn == TURN_COMMA ||
		    scan->turn == TURN_END)
			return scan->turn == TURN_COLON ? read_text(scan)
							: refuse_more(scan);
		return open_bracket(scan);
	case '}':
	case ']':
		return close_bracket(scan);
	case ',':
		return read_comma(scan);
	case ':':
		return read_colon(scan);
	default:
		return read_text(scan);
	}
}

bool
json_slip_is_json(const char *bytes, size_t len)
{
	struct scan scan = { .bytes = bytes, .len = len };

	skip_blank(&scan);
	return scan.at < len && memchr("{[", bytes[scan.at], 2) != NULL;
}

bool
json_slip_find(const char *bytes, size_t len, struct slip *slip)
{
	struct scan scan = { .bytes = bytes, .len = len, .slip = slip };

	for (;;) {
		skip_blank(&scan);
		if (scan.at == len)
			break;
		if (read_token(&scan))
			return true;
	}
	if (scan.depth == 0)
		return false;
	scan.at = scan.last_end;
	return not_closed(&scan, &scan.open[scan.depth - 1]);
}
