/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whatever bytes peers put into a log line: it is one line of valid UTF-8
 * without control characters, and it ends as its format wants.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log_line.h"
#include "base/utf8.h"

static void
check(enum log_format format, const struct log_field *fields, const char *end)
{
	struct log_line line;
	const char *at;
	char *text;

	log_line_build(&line, format, LOG_LEVEL_INFO, "fuzz", fields);
	assert(line.len <= LOG_LINE_MAX);
	assert(line.text[line.len - 1] == '\n');
	text = malloc(line.len);
	assert(text != NULL);
	memcpy(text, line.text, line.len - 1);
	text[line.len - 1] = '\0';
	assert(strlen(text) == line.len - 1);
	for (at = text; *at != '\0';)
		assert(utf8_is_legible(utf8_next(&at)));
	assert(strcmp(at - strlen(end), end) == 0);
	free(text);
}

/* Two values from the input: what is before its first NUL, and what follows. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *first = malloc(len + 1), *second;

	assert(first != NULL);
	memcpy(first, data, len);
	first[len] = '\0';
	second = first + strlen(first);
	if (second < first + len)
		second++;

	const struct log_field fields[] = { log_str("first", first),
		log_str("second", second), log_num("len", 1234), LOG_END };

	check(LOG_FORMAT_JSON, fields, "}");
	check(LOG_FORMAT_TEXT, fields, "");
	check(LOG_FORMAT_JOURNAL, fields, "");
	free(first);
	return 0;
}
