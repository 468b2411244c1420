/* SPDX-License-Identifier: PostgreSQL */

#include "http/json.h"

#include <inttypes.h>
#include <string.h>

#include "base/json_text.h"

static void
write_text(FILE *out, const char *text)
{
	struct json_piece piece;

	putc('"', out);
	while (*text != '\0') {
		text = json_text_piece(text, &piece);
		if (piece.len == 1 && strchr("<>&", piece.bytes[0]) != NULL)
			fprintf(out, "\\u%04x", (unsigned)piece.bytes[0]);
		else
			fwrite(piece.bytes, 1, piece.len, out);
	}
	putc('"', out);
}

/* What stands before a value. */
static void
begin(struct http_json *json, const char *key)
{
	if (json->is_further)
		putc(',', json->out);
	json->is_further = true;
	if (key != NULL)
		fprintf(json->out, "\n\"%s\":", key);
}

void
http_json_open(struct http_json *json, const char *key, char bracket)
{
	begin(json, key);
	putc(bracket, json->out);
	json->is_further = false;
}

void
http_json_close(struct http_json *json, char bracket)
{
	putc(bracket, json->out);
	json->is_further = true;
}

void
http_json_text(struct http_json *json, const char *key, const char *text)
{
	begin(json, key);
	write_text(json->out, text);
}

void
http_json_number(struct http_json *json, const char *key, int64_t number)
{
	begin(json, key);
	fprintf(json->out, "%" PRId64, number);
}

void
http_json_flag(struct http_json *json, const char *key, bool flag)
{
	begin(json, key);
	fputs(flag ? "true" : "false", json->out);
}

void
http_json_null(struct http_json *json, const char *key)
{
	begin(json, key);
	fputs("null", json->out);
}

void
http_json_seconds(struct http_json *json, const char *key, int64_t ms)
{
	if (ms < 0)
		ms = 0;
	begin(json, key);
	fprintf(json->out, "%" PRId64 ".%03d", ms / 1000, (int)(ms % 1000));
}
