/* SPDX-License-Identifier: PostgreSQL */

/*
 * Every answer ends its connection, is kept by no cache, and permits a browser
 * nothing unless its policy does.
 */
#include "http/answer.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/xmalloc.h"

#define POLICY_NONE "default-src 'none'; frame-ancestors 'none'"

static const char *
reason(unsigned status)
{
	static const struct {
		unsigned status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 413, "Content Too Large" },
		{ 421, "Misdirected Request" },
		{ 431, "Request Header Fields Too Large" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Error";
}

void
http_answer_line(struct http_answer *answer, unsigned status,
    const char *format, ...)
{
	FILE *out = http_answer_begin(answer, status, HTTP_ANSWER_TEXT);
	va_list args;

	va_start(args, format);
	vfprintf(out, format, args);
	va_end(args);
	putc('\n', out);
	http_answer_end(answer, out);
}

FILE *
http_answer_begin(struct http_answer *answer, unsigned status, const char *type)
{
	FILE *out;

	http_answer_clear(answer);
	answer->status = status;
	answer->type = type;
	out = open_memstream(&answer->body, &answer->len);
	if (out == NULL)
		xmalloc_fail(0);
	return out;
}

void
http_answer_end(struct http_answer *answer, FILE *out)
{
	(void)answer; /* its body is set by this */
	if (fclose(out) != 0)
		xmalloc_fail(0);
}

void
http_answer_clear(struct http_answer *answer)
{
	free(answer->body);
	*answer = (struct http_answer){ 0 };
}

static void
write_head(const struct http_answer *answer, FILE *out)
{
	time_t now = time(NULL);
	struct tm utc;
	char date[40];

	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT",
	    gmtime_r(&now, &utc));
	fprintf(out, "HTTP/1.1 %u %s\r\nDate: %s\r\n", answer->status,
	    reason(answer->status), date);
	fprintf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n",
	    answer->type, answer->len);
	if (answer->allow != NULL)
		fprintf(out, "Allow: %s\r\n", answer->allow);
	fprintf(out, "Content-Security-Policy: %s\r\n",
	    answer->policy != NULL ? answer->policy : POLICY_NONE);
	fputs("Cache-Control: no-store\r\n"
	      "X-Content-Type-Options: nosniff\r\n"
	      "Referrer-Policy: no-referrer\r\n"
	      "Connection: close\r\n\r\n",
	    out);
}

char *
http_answer_write(const struct http_answer *answer, bool is_head, size_t *len)
{
	char *bytes;
	FILE *out = open_memstream(&bytes, len);

	if (out == NULL)
		xmalloc_fail(0);
	write_head(answer, out);
	if (!is_head)
		fwrite(answer->body, 1, answer->len, out);
	if (fclose(out) != 0)
		xmalloc_fail(0);
	return bytes;
}
