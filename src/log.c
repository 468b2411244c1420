/* SPDX-License-Identifier: PostgreSQL */

/*
 * One event, one line, one write(2).  Text lines carry time, level, message
 * and `key=value` pairs; JSON lines carry severity, message, timestamp and the
 * same keys at the top level.  The line is built on the stack: logging works
 * in every thread and when memory is short.  It refuses to know what a field
 * means.
 */
#include "log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A longer line is cut: a pipe takes no more in one piece (PIPE_BUF, pipe(7)),
 * and poll() promises room for no more. */
#define LINE_MAX_LEN 4096

/* Whoever reads the log may be slow, but may not stop the program. */
#define READER_PATIENCE_MS 20

static const struct {
	const char *word, *severity;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", "ERROR" },
	[LOG_LEVEL_WARNING] = { "warning", "WARNING" },
	[LOG_LEVEL_INFO] = { "info", "INFO" },
	[LOG_LEVEL_DEBUG] = { "debug", "DEBUG" },
};

static _Atomic enum log_level threshold = LOG_LEVEL_INFO;
static _Atomic enum log_format line_format = LOG_FORMAT_TEXT;
static _Atomic unsigned lost_count; /* lines, since the reader stopped */

struct line {
	char text[LINE_MAX_LEN];
	size_t len; /* <= sizeof text - 3: room for the end of any line */
};

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

void
log_setup(enum log_level level, enum log_format format)
{
	threshold = level;
	line_format = format;
}

bool
log_enabled(enum log_level level)
{
	return level <= threshold;
}

static void
add_bytes(struct line *line, const char *bytes, size_t len)
{
	size_t room = sizeof line->text - 3 - line->len;

	if (len > room)
		len = room;
	memcpy(line->text + line->len, bytes, len);
	line->len += len;
}

static void __attribute__((format(printf, 2, 3)))
add(struct line *line, const char *format, ...)
{
	char piece[256];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(piece, sizeof piece, format, args);
	va_end(args);
	if (len > 0)
		add_bytes(line, piece,
		    (size_t)len < sizeof piece ? (size_t)len
					       : sizeof piece - 1);
}

/* The escapes are those of JSON (RFC 8259, 7), in both formats. */
static void
add_quoted(struct line *line, const char *text)
{
	add_bytes(line, "\"", 1);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			add(line, "\\%c", c);
		else if (c == '\n')
			add_bytes(line, "\\n", 2);
		else if (c < 0x20 || c == 0x7f)
			add(line, "\\u%04x", c);
		else
			add_bytes(line, text, 1);
	}
	add_bytes(line, "\"", 1);
}

/* A word that reads the same without quotes. */
static bool
is_plain(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text == '"' || *text == '\'' ||
		    *text == '=' || *text == '\\' || *text == 0x7f)
			return false;
	return true;
}

/* Text with double quotes reads better, and can be pasted, in single ones. */
static bool
suits_single_quotes(const char *text)
{
	if (strchr(text, '"') == NULL || strpbrk(text, "'\\") != NULL)
		return false;
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static void
add_text(struct line *line, const char *text)
{
	if (is_plain(text)) {
		add_bytes(line, text, strlen(text));
	} else if (suits_single_quotes(text)) {
		add_bytes(line, "'", 1);
		add_bytes(line, text, strlen(text));
		add_bytes(line, "'", 1);
	} else {
		add_quoted(line, text);
	}
}

static bool
is_left_out(const struct log_field *field)
{
	return field->is_text && field->text == NULL;
}

static void
add_time(struct line *line)
{
	struct timespec now;
	struct tm utc;
	char text[40];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
	add(line, "%s.%03ldZ", text, now.tv_nsec / 1000000);
}

static void
build_text(struct line *line, enum log_level level, const char *message,
    const struct log_field *field)
{
	add_time(line);
	add(line, " %s: ", levels[level].word);
	add_bytes(line, message, strlen(message));
	for (; field->key != NULL; field++) {
		if (is_left_out(field))
			continue;
		add(line, " %s=", field->key);
		if (!field->is_text)
			add(line, "%lld", (long long)field->number);
		else
			add_text(line, field->text);
	}
}

static void
build_json(struct line *line, enum log_level level, const char *message,
    const struct log_field *field)
{
	add(line, "{\"severity\":\"%s\",\"timestamp\":\"",
	    levels[level].severity);
	add_time(line);
	add(line, "\",\"message\":");
	add_quoted(line, message);
	for (; field->key != NULL; field++) {
		if (is_left_out(field))
			continue;
		add(line, ",\"%s\":", field->key);
		if (!field->is_text)
			add(line, "%lld", (long long)field->number);
		else
			add_quoted(line, field->text);
	}
}

static void
build(struct line *line, enum log_level level, const char *message,
    const struct log_field *fields)
{
	static void (*const builders[])(struct line *, enum log_level,
	    const char *, const struct log_field *) = {
		[LOG_FORMAT_TEXT] = build_text,
		[LOG_FORMAT_JSON] = build_json,
	};
	enum log_format format = line_format;

	line->len = 0;
	builders[format](line, level, message, fields);
	if (format == LOG_FORMAT_JSON)
		line->text[line->len++] = '}';
	line->text[line->len++] = '\n';
}

/* The first line that finds a full pipe waits a moment, the next ones do not.
 */
static bool
has_room(void)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };
	int rc;

	do
		rc = poll(&out, 1, lost_count == 0 ? READER_PATIENCE_MS : 0);
	while (rc < 0 && errno == EINTR);
	return rc != 0;
}

static void
put(const struct line *line)
{
	ssize_t written = write(STDERR_FILENO, line->text, line->len);

	(void)written; /* nobody is left to tell */
}

static void
tell_lost(unsigned count)
{
	struct line line;

	build(&line, LOG_LEVEL_WARNING, "log lines were lost, nobody read them",
	    LOG_LIST(log_num("count", count)));
	put(&line);
}

void
log_write(enum log_level level, const char *message,
    const struct log_field *fields)
{
	int saved_errno = errno;
	struct line line;
	unsigned lost;

	if (!log_enabled(level))
		return;
	build(&line, level, message, fields);
	if (!has_room()) {
		lost_count++;
	} else if ((lost = atomic_exchange(&lost_count, 0)) == 0) {
		put(&line);
	} else {
		tell_lost(lost);
		log_write(level, message, fields);
	}
	errno = saved_errno;
}
