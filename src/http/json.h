/* SPDX-License-Identifier: PostgreSQL */

/*
 * JSON while it is written.  Texts may hold any bytes; `<`, `>` and `&` are
 * escaped as well, so that a page may hold the whole in a script.
 */
#ifndef PGJUMP_HTTP_JSON_H
#define PGJUMP_HTTP_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct http_json {
	FILE *out;
	bool is_further; /* a comma is due */
};

/* `key` is NULL in a list, and at the top. */
void http_json_open(struct http_json *, const char *key, char bracket);
void http_json_close(struct http_json *, char bracket);

void http_json_text(struct http_json *, const char *key, const char *text);
void http_json_number(struct http_json *, const char *key, int64_t number);
void http_json_flag(struct http_json *, const char *key, bool flag);
void http_json_null(struct http_json *, const char *key);

/* Milliseconds as seconds. */
void http_json_seconds(struct http_json *, const char *key, int64_t ms);

#endif
