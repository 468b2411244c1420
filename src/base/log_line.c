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

/* The priorities are those of syslog(3), which sd-daemon(3) takes over. */
static const struct {
	const char *word, *severity, *priority, *colour;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", "ERROR", "<3>", "\033[1;31m" },
	[LOG_LEVEL_WARNING] = { "warning", "WARNING", "<4>", "\033[33m" },
	[LOG_LEVEL_INFO] = { "info", "INFO", "<6>", "" },
	[LOG_LEVEL_DEBUG] = { "debug", "DEBUG", "<7>", "\033[2m" },
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
add_event(struct log_line *line, enum log_level level, const char *message,
    const struct log_field *field)
{
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

static void
build_text(struct log_line *line, enum log_level level, const char *message,
    const struct log_field *field)
{
	add_time(line);
	add(line, " ");
	add_event(line, level, message, field);
}

/* journald takes the priority off, and adds the time. */
static void
build_journal(struct log_line *line, enum log_level level, const char *message,
    const struct log_field *field)
{
	add(line, levels[level].priority);
	add_event(line, level, message, field);
}

/* --- For people ----------------------------------------------------------- */

#define BELOW "\n         " /* as far in as what follows the time of day */

static void
add_colour(struct log_line *line, bool is_coloured, const char *colour)
{
	if (is_coloured)
		add(line, colour);
}

/* As it is, so that it can be pasted, but for what a terminal may obey. */
static void
add_legible(struct log_line *line, const char *text)
{
	while (*text != '\0' && !line->is_cut) {
		const char *start = text;

		if (utf8_is_legible(utf8_next(&text)))
			add_piece(line, start, (size_t)(text - start));
		else
			add(line, "?");
	}
}

static void
add_time_of_day(struct log_line *line)
{
	time_t now = time(NULL);
	struct tm local;
	char text[16];

	localtime_r(&now, &local);
	strftime(text, sizeof text, "%H:%M:%S", &local);
	add(line, text);
}

static bool
is_connection(const struct log_field *field)
{
	return field->is_text && field->text != NULL &&
	    strcmp(field->key, "connection") == 0;
}

/* A command or a sentence, which gets a line of its own. */
static bool
is_long(const struct log_field *field)
{
	return field->is_text && field->text != NULL &&
	    strchr(field->text, ' ') != NULL;
}

static void
add_connection(struct log_line *line, const struct log_field *field,
    bool is_coloured)
{
	for (; field->key != NULL; field++) {
		if (!is_connection(field))
			continue;
		add_colour(line, is_coloured, "\033[1m");
		add_legible(line, field->text);
		add_colour(line, is_coloured, "\033[0m");
		add(line, ": ");
	}
}

static void
add_words(struct log_line *line, const struct log_field *field)
{
	for (; field->key != NULL; field++)
		if (!field->is_text)
			add_number(line, " ", field->key, "=", field->number);
		else if (field->text != NULL && !is_connection(field) &&
		    !is_long(field))
			add_text_value(line, field->key, field->text);
}

/* The psql command alone, so that its line can be pasted. */
static void
add_sentences(struct log_line *line, const struct log_field *field)
{
	for (; field->key != NULL; field++) {
		if (!is_long(field) || is_connection(field))
			continue;
		add(line, BELOW);
		if (strcmp(field->key, "psql") != 0) {
			add(line, field->key);
			add(line, ": ");
		}
		add_legible(line, field->text);
	}
}

static void
build_for_people(struct log_line *line, bool is_coloured, enum log_level level,
    const char *message, const struct log_field *fields)
{
	add_colour(line, is_coloured, "\033[2m");
	add_time_of_day(line);
	add_colour(line, is_coloured, "\033[0m");
	add(line, " ");
	add_colour(line, is_coloured, levels[level].colour);
	if (level != LOG_LEVEL_INFO) {
		add(line, levels[level].word);
		add(line, ": ");
	}
	add_colour(line, is_coloured, "\033[0m");
	add_connection(line, fields, is_coloured);
	add_legible(line, message);
	add_colour(line, is_coloured, "\033[2m");
	add_words(line, fields);
	add_colour(line, is_coloured, "\033[0m");
	add_sentences(line, fields);
	if (line->is_cut && is_coloured)
		end_with(line, "\033[0m");
	end_with(line, line->is_cut ? " cut\n" : "\n");
}

static void
build_plain(struct log_line *line, enum log_level level, const char *message,
    const struct log_field *fields)
{
	build_for_people(line, false, level, message, fields);
}

static void
build_colour(struct log_line *line, enum log_level level, const char *message,
    const struct log_field *fields)
{
	build_for_people(line, true, level, message, fields);
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
		[LOG_FORMAT_JOURNAL] = build_journal,
		[LOG_FORMAT_PLAIN] = build_plain,
		[LOG_FORMAT_COLOUR] = build_colour,
	};

	line->len = 0;
	line->is_cut = false;
	builders[format](line, level, message, fields);
}
