/* SPDX-License-Identifier: PostgreSQL */

/*
 * A line grows by pieces that are added whole or not at all: a character, an
 * escape, a key with the punctuation around it.  Once a piece finds no room, no
 * other piece is added.  There is always room for the end of the line.
 */
#include "base/log_line.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json_text.h"
#include "base/utf8.h"

static const struct {
	const char *word, *severity;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", "ERROR" },
	[LOG_LEVEL_WARNING] = { "warning", "WARNING" },
	[LOG_LEVEL_INFO] = { "info", "INFO" },
	[LOG_LEVEL_DEBUG] = { "debug", "DEBUG" },
};

/* The longest text that may have to follow the last piece. */
#define END_MAX_LEN (sizeof "\",\"cut\":true}\n" - 1)

struct log_field
log_str(const char *key, const char *text)
{
	return (struct log_field){ .key = key, .is_text = true, .text = text };
}

struct log_field
log_num(const char *key, int64_t number)
{
	return (struct log_field){ .key = key, .number = number };
}

/* Add to the room that is kept for the end. */
static void
end_with(struct log_line *line, const char *text)
{
	size_t len = strlen(text);

	memcpy(line->text + line->len, text, len);
	line->len += len;
}

static void
add_piece(struct log_line *line, const char *bytes, size_t len)
{
	if (len > sizeof line->text - END_MAX_LEN - line->len)
		line->is_cut = true;
	if (line->is_cut)
		return;
	memcpy(line->text + line->len, bytes, len);
	line->len += len;
}

static void
add(struct log_line *line, const char *text)
{
	add_piece(line, text, strlen(text));
}

static void
add_escaped(struct log_line *line, const char *text)
{
	struct json_piece piece;

	while (*text != '\0' && !line->is_cut) {
		text = json_text_piece(text, &piece);
		add_piece(line, piece.bytes, piece.len);
	}
}

/* Add text in which every character is legible. */
static void
add_plain(struct log_line *line, const char *text)
{
	while (*text != '\0' && !line->is_cut) {
		const char *start = text;

		utf8_next(&text);
		add_piece(line, start, (size_t)(text - start));
	}
}

/* Close the quotes even if the value was cut. */
static void
close_quote(struct log_line *line, const char *quote)
{
	add(line, quote);
	if (line->is_cut)
		end_with(line, quote);
}

/* --- Values -------------------------------------------------------------- */

/* Whether a text reads the same without quotes. */
static bool
is_word(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
		if ((unsigned char)*text <= ' ' ||
		    (unsigned char)*text >= 0x7f ||
		    strchr("\"'=\\", *text) != NULL)
			return false;
	return true;
}

/* A text with double quotes is easier to read and to paste in single ones. */
static bool
suits_single_quotes(const char *text)
{
	if (strchr(text, '"') == NULL || strpbrk(text, "'\\") != NULL)
		return false;
	while (*text != '\0')
		if (!utf8_is_legible(utf8_next(&text)))
			return false;
	return true;
}

/* Add the key and the punctuation around it; false: there is no room. */
static bool
open_field(struct log_line *line, const char *before, const char *key,
    const char *after)
{
	char piece[80];
	int len = snprintf(piece, sizeof piece, "%s%s%s", before, key, after);

	add_piece(line, piece, (size_t)len);
	return !line->is_cut;
}

static void
add_quoted(struct log_line *line, const char *before, const char *key,
    const char *after, const char *text)
{
	if (!open_field(line, before, key, after))
		return;
	add_escaped(line, text);
	close_quote(line, "\"");
}

/* Add key and number as one piece: a number that is cut is another number. */
static void
add_number(struct log_line *line, const char *before, const char *key,
    const char *after, int64_t number)
{
	char piece[104];
	int len = snprintf(piece, sizeof piece, "%s%s%s%lld", before, key,
	    after, (long long)number);

	add_piece(line, piece, (size_t)len);
}

static void
add_time(struct log_line *line)
{
	struct timespec now;
	struct tm utc;
	char text[40], piece[64];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(piece, sizeof piece, "%s.%03ldZ", text, now.tv_nsec / 1000000);
	add(line, piece);
}

/* --- Key=value ----------------------------------------------------------- */

static void
add_text_value(struct log_line *line, const char *key, const char *text)
{
	if (is_word(text)) {
		if (open_field(line, " ", key, "="))
			add_plain(line, text);
	} else if (!suits_single_quotes(text)) {
		add_quoted(line, " ", key, "=\"", text);
	} else if (open_field(line, " ", key, "='")) {
		add_plain(line, text);
		close_quote(line, "'");
	}
}

static void
build_text(struct log_line *line, enum log_level level, const char *message,
    const struct log_field *field)
{
	add_time(line);
	add(line, " ");
	add(line, levels[level].word);
	add(line, ": ");
	add_escaped(line, message);
	for (; field->key != NULL; field++)
		if (!field->is_text)
			add_number(line, " ", field->key, "=", field->number);
		else if (field->text != NULL)
			add_text_value(line, field->key, field->text);
	end_with(line, line->is_cut ? " cut=true\n" : "\n");
}

/* --- JSON ---------------------------------------------------------------- */

static void
build_json(struct log_line *line, enum log_level level, const char *message,
    const struct log_field *field)
{
	add_quoted(line, "{\"", "severity", "\":\"", levels[level].severity);
	add(line, ",\"timestamp\":\"");
	add_time(line);
	add(line, "\"");
	add_quoted(line, ",\"", "message", "\":\"", message);
	for (; field->key != NULL; field++)
		if (!field->is_text)
			add_number(line, ",\"", field->key,
			    "\":", field->number);
		else if (field->text != NULL)
			add_quoted(line, ",\"", field->key, "\":\"",
			    field->text);
	end_with(line, line->is_cut ? ",\"cut\":true}\n" : "}\n");
}

void
log_line_build(struct log_line *line, enum log_format format,
    enum log_level level, const char *message, const struct log_field *fields)
{
	static void (*const builders[])(struct log_line *, enum log_level,
	    const char *, const struct log_field *) = {
		[LOG_FORMAT_TEXT] = build_text,
		[LOG_FORMAT_JSON] = build_json,
	};

	line->len = 0;
	line->is_cut = false;
	builders[format](line, level, message, fields);
}
