/* SPDX-License-Identifier: PostgreSQL */

/*
 * Promises that each message is one line, whatever the texts in it hold.
 */
#include "config/report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/xmalloc.h"

struct message {
	struct place place;
	size_t part;
	bool is_warning;
	char *text;
};

struct report {
	char **files;
	unsigned file_count;
	struct message *messages;
	size_t count, room;
	size_t part; /* of the messages from now on */
	bool has_error;
	char *line_text;
};

struct report *
report_new(const char *file)
{
	struct report *report = xcalloc(1, sizeof *report);

	if (file != NULL)
		report_next_file(report, file);
	return report;
}

void
report_next_file(struct report *report, const char *file)
{
	report->files = xreallocarray(report->files, report->file_count + 1,
	    sizeof *report->files);
	report->files[report->file_count] = xstrdup(file);
	report->file_count++;
}

unsigned
report_file(const struct report *report)
{
	return report->file_count;
}

void
report_free(struct report *report)
{
	if (report == NULL)
		return;
	for (size_t i = 0; i < report->count; i++)
		free(report->messages[i].text);
	free(report->messages);
	for (unsigned i = 0; i < report->file_count; i++)
		free(report->files[i]);
	free(report->files);
	free(report->line_text);
	free(report);
}

/*
 * A line end or an escape sequence in a quoted value must not reach a terminal;
 * legible UTF-8 may.
 */
static void
make_printable(char *text)
{
	const char *at = text;

	while (*at != '\0') {
		const char *start = at;

		if (utf8_is_legible(utf8_next(&at))) {
			memmove(text, start, (size_t)(at - start));
			text += at - start;
		} else {
			*text++ = '?';
		}
	}
	*text = '\0';
}

static void
add(struct report *report, struct place place, bool is_warning, char *take)
{
	if (report->count == report->room) {
		report->room = report->room > 0 ? 2 * report->room : 16;
		report->messages = xreallocarray(report->messages, report->room,
		    sizeof *report->messages);
	}
	make_printable(take);
	if (place.file == 0)
		place.file = report->file_count;
	report->messages[report->count] = (struct message){
		.place = place,
		.part = report->part,
		.is_warning = is_warning,
		.text = take,
	};
	report->count++;
}

void
report_error(struct report *report, struct place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(report, place, false, xvasprintf(format, args));
	va_end(args);
	report->has_error = true;
}

void
report_warning(struct report *report, struct place place, const char *format,
    ...)
{
	va_list args;

	va_start(args, format);
	add(report, place, true, xvasprintf(format, args));
	va_end(args);
}

void
report_about(struct report *report, size_t part)
{
	report->part = part;
}

void
report_drop_warnings(struct report *report, size_t part)
{
	size_t kept = 0;

	for (size_t i = 0; i < report->count; i++)
		if (report->messages[i].is_warning &&
		    report->messages[i].part == part)
			free(report->messages[i].text);
		else
			report->messages[kept++] = report->messages[i];
	report->count = kept;
}

bool
report_has_error(const struct report *report)
{
	return report->has_error;
}

static int
compare_numbers(unsigned a, unsigned b)
{
	return (a > b) - (a < b);
}

/* By place and text, so that equal messages are neighbours. */
static int
compare_messages(const void *a, const void *b)
{
	const struct message *left = a, *right = b;
	int order = compare_numbers(left->place.file, right->place.file);

	if (order == 0)
		order = compare_numbers(left->place.line, right->place.line);
	if (order == 0)
		order = compare_numbers(left->place.column,
		    right->place.column);
	if (order == 0)
		order = strcmp(left->text, right->text);
	return order;
}

static void
write_message(const struct report *report, const struct message *message,
    FILE *out)
{
	fprintf(out, "%s:", report->files[message->place.file - 1]);
	if (message->place.line > 0)
		fprintf(out, "%u:%u:", message->place.line,
		    message->place.column);
	fprintf(out, " %s%s\n", message->is_warning ? "warning: " : "",
	    message->text);
}

static void
log_message(const struct report *report, const struct message *message)
{
	log_answer(message->is_warning ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR,
	    message->text,
	    LOG_LIST(log_str("file", report->files[message->place.file - 1]),
		log_num("line", message->place.line),
		log_num("column", message->place.column)));
}

/* In the order of the files; those that were told twice become one. */
static void
settle(struct report *report)
{
	size_t kept = 0;

	if (report->count > 0)
		qsort(report->messages, report->count, sizeof *report->messages,
		    compare_messages);
	for (size_t i = 0; i < report->count; i++) {
		struct message *message = &report->messages[i];

		if (kept > 0 &&
		    compare_messages(&report->messages[kept - 1], message) == 0)
			free(message->text);
		else
			report->messages[kept++] = *message;
	}
	report->count = kept;
}

void
report_write(struct report *report, FILE *out)
{
	settle(report);
	for (size_t i = 0; i < report->count; i++)
		if (out == stderr && log_is_for_programs())
			log_message(report, &report->messages[i]);
		else
			write_message(report, &report->messages[i], out);
}

static void
put_json_text(FILE *out, const char *key, const char *text)
{
	struct json_piece piece;

	fprintf(out, "\"%s\": \"", key);
	while (*text != '\0') {
		text = json_text_piece(text, &piece);
		fwrite(piece.bytes, 1, piece.len, out);
	}
	putc('"', out);
}

static void
write_json_message(const struct report *report, const struct message *message,
    FILE *out)
{
	fputs("    { ", out);
	put_json_text(out, "file", report->files[message->place.file - 1]);
	fprintf(out, ", \"line\": %u, \"column\": %u,\n      ",
	    message->place.line, message->place.column);
	put_json_text(out, "message", message->text);
	fputs(" }", out);
}

void
report_write_json(struct report *report, FILE *out)
{
	const char *between = "{\n  \"errors\": [\n";

	settle(report);
	for (size_t i = 0; i < report->count; i++) {
		if (report->messages[i].is_warning) {
			write_message(report, &report->messages[i], stderr);
			continue;
		}
		fputs(between, out);
		write_json_message(report, &report->messages[i], out);
		between = ",\n";
	}
	if (report->has_error)
		fputs("\n  ]\n}\n", out);
}

const char *
report_line_text(struct report *report, struct place from, struct place to)
{
	free(report->line_text);
	report->line_text = from.file == to.file
	    ? xasprintf("line %u", to.line)
	    : xasprintf("%s:%u", report->files[to.file - 1], to.line);
	return report->line_text;
}
