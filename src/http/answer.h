/* SPDX-License-Identifier: PostgreSQL */

/* An answer to an HTTP request while it is made, as a plain value. */
#ifndef PGJUMP_HTTP_ANSWER_H
#define PGJUMP_HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define HTTP_ANSWER_TEXT "text/plain; charset=utf-8"
#define HTTP_ANSWER_JSON "application/json"

struct http_answer {
	unsigned status;
	const char *type;   /* Content-Type */
	const char *allow;  /* the methods, in an answer 405; or NULL */
	const char *policy; /* Content-Security-Policy; NULL: nothing */
	char *body;         /* freed by http_answer_clear() */
	size_t len;
};

/* One line of text. */
void http_answer_line(struct http_answer *, unsigned status, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

/*
 * A body of any length is written to the stream, which http_answer_end()
 * closes.
 */
FILE *http_answer_begin(struct http_answer *, unsigned status,
    const char *type);
void http_answer_end(struct http_answer *, FILE *);

void http_answer_clear(struct http_answer *);

/*
 * The answer as it is sent, which the caller frees; without its body where
 * `is_head`.
 */
char *http_answer_write(const struct http_answer *, bool is_head, size_t *len);

#endif
