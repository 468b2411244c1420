/* SPDX-License-Identifier: PostgreSQL */

/*
 * A head is complete at its first empty line.  It is then cut into lines, and
 * each line into its parts, by NULs put between them.
 */
#include "http/request.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* RFC 9110, 5.6.2 */
#define TOKEN TEXT_LETTERS TEXT_DIGITS "!#$%&'*+-.^_`|~"

/* What the headers of one request have said. */
struct reading {
	struct http_request *request;
	bool is_version_1_1;
	bool has_length;
};

/* --- Lines ---------------------------------------------------------------- */

/* The length of the head with its empty line; 0: it is not complete. */
static size_t
head_len(const char *buf, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (buf[i] != '\n')
			continue;
		if (i + 1 < len && buf[i + 1] == '\n')
			return i + 2;
		if (i + 2 < len && buf[i + 1] == '\r' && buf[i + 2] == '\n')
			return i + 3;
	}
	return 0;
}

/* Tabs are the only control characters in a line, and CR is at its end. */
static bool
is_clean(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)line[i];

		if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
			return false;
	}
	return true;
}

/* Cut off the first line; NULL: it has bytes that no line has. */
static char *
next_line(char **rest)
{
	char *line = *rest, *end = strchr(line, '\n');
	size_t len = (size_t)(end - line);

	*rest = end + 1;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	line[len] = '\0';
	return is_clean(line, len) ? line : NULL;
}

static bool
is_token(const char *text)
{
	return text[0] != '\0' && text[strspn(text, TOKEN)] == '\0';
}

/* --- The request line ------------------------------------------------------
 */

static unsigned
read_method(const char *text, enum http_method *method)
{
	static const char *const names[] = {
		[HTTP_GET] = "GET",
		[HTTP_HEAD] = "HEAD",
		[HTTP_POST] = "POST",
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(text, names[i]) == 0) {
			*method = (enum http_method)i;
			return 200;
		}
	return is_token(text) ? 501 : 400;
}

static unsigned
read_version(const char *text, bool *is_version_1_1)
{
	*is_version_1_1 = strcmp(text, "HTTP/1.1") == 0;
	if (*is_version_1_1 || strcmp(text, "HTTP/1.0") == 0)
		return 200;
	return strncmp(text, "HTTP/", 5) == 0 ? 505 : 400;
}

/*
 * A server accepts "http://HOST/path" as well (RFC 9112, 3.2.2); that HOST goes
 * before the header.
 */
static unsigned
read_target(char *target, struct http_request *request)
{
	char *query;

	if (strncasecmp(target, "http://", 7) == 0) {
		char *path = strchr(target + 7, '/');

		if (path == NULL)
			return 400;
		memmove(target, target + 7, (size_t)(path - target) - 7);
		path[-7] = '\0';
		request->host = target;
		target = path;
	}
	if (target[0] != '/' || strchr(target, '#') != NULL)
		return 400;
	request->path = target;
	query = strchr(target, '?');
	if (query != NULL)
		*query++ = '\0';
	request->query = query;
	return 200;
}

static unsigned
read_request_line(char *line, struct reading *reading)
{
	char *target = strchr(line, ' '), *version;
	unsigned status;

	if (target == NULL)
		return 400;
	*target++ = '\0';
	version = strchr(target, ' ');
	if (version == NULL || strpbrk(target, "\t") != NULL)
		return 400;
	*version++ = '\0';
	status = read_version(version, &reading->is_version_1_1);
	if (status == 200)
		status = read_method(line, &reading->request->method);
	if (status == 200)
		status = read_target(target, reading->request);
	return status;
}

/* --- Headers ---------------------------------------------------------------
 */

static unsigned
on_host(struct reading *reading, const char *value)
{
	struct http_request *request = reading->request;

	/* That of the target counts, but a header must be there once only. */
	if (request->host != NULL && request->host < request->path)
		return 200;
	if (request->host != NULL)
		return 400;
	request->host = value;
	return 200;
}

static unsigned
on_length(struct reading *reading, const char *value)
{
	size_t digits = strspn(value, TEXT_DIGITS), length = 0;

	if (reading->has_length || digits == 0 || value[digits] != '\0')
		return 400;
	reading->has_length = true;
	for (size_t i = 0; i < digits && length <= HTTP_REQUEST_BODY_MAX; i++)
		length = length * 10 + (size_t)(value[i] - '0');
	if (length > HTTP_REQUEST_BODY_MAX)
		return 413;
	reading->request->body_len = length;
	return 200;
}

static unsigned
on_accept(struct reading *reading, const char *value)
{
	reading->request->accept = value;
	return 200;
}

static unsigned
on_page(struct reading *reading, const char *value)
{
	(void)value;
	reading->request->has_page = true;
	return 200;
}

static unsigned
on_encoding(struct reading *reading, const char *value)
{
	(void)reading, (void)value;
	return 501;
}

static const struct {
	const char *name;
	unsigned (*read)(struct reading *, const char *value);
} headers[] = {
	{ "Host", on_host },
	{ "Content-Length", on_length },
	{ "Transfer-Encoding", on_encoding },
	{ "Accept", on_accept },
	{ "Origin", on_page },
	{ "Referer", on_page },
	{ "Sec-Fetch-Site", on_page },
};

static unsigned
read_header(char *line, struct reading *reading)
{
	char *colon = strchr(line, ':'), *value, *end;

	if (colon == NULL)
		return 400;
	*colon = '\0';
	if (!is_token(line))
		return 400;
	value = colon + 1 + strspn(colon + 1, " \t");
	for (end = value + strlen(value); end > value; end--)
		if (end[-1] != ' ' && end[-1] != '\t')
			break;
	*end = '\0';
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		if (strcasecmp(line, headers[i].name) == 0)
			return headers[i].read(reading, value);
	return 200;
}

static unsigned
read_head(char *buf, struct reading *reading)
{
	char *rest = buf, *line = next_line(&rest);
	unsigned status = line == NULL ? 400 : read_request_line(line, reading);

	while (status == 200) {
		line = next_line(&rest);
		if (line == NULL)
			return 400;
		if (line[0] == '\0')
			break;
		status = read_header(line, reading);
	}
	if (status == 200 && reading->is_version_1_1 &&
	    reading->request->host == NULL)
		return 400;
	return status;
}

/* Empty lines before a request are skipped (RFC 9112, 2.2). */
static size_t
skip_empty(const char *buf, size_t len)
{
	size_t skipped = 0;

	while (skipped < len && strchr("\r\n", buf[skipped]) != NULL &&
	    buf[skipped] != '\0')
		skipped++;
	return skipped;
}

unsigned
http_request_read(char *buf, size_t len, struct http_request *request)
{
	size_t skipped = skip_empty(buf, len);
	struct reading reading = { .request = request };
	size_t head = head_len(buf + skipped, len - skipped);

	*request = (struct http_request){ .head_len = skipped + head };
	if (request->head_len > HTTP_REQUEST_HEAD_MAX ||
	    (head == 0 && len > HTTP_REQUEST_HEAD_MAX))
		return 431;
	if (head == 0)
		return 0;
	if (memchr(buf + skipped, '\0', head) != NULL)
		return 400;
	return read_head(buf + skipped, &reading);
}
