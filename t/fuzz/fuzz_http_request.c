/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whatever comes in place of a request: its texts are inside the bytes, a head
 * that is not complete is left as it was, and reading byte by byte comes to the
 * same verdict as reading all at once.  What is in the query and in Host is
 * decoded within bounds.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http/guard.h"
#include "http/query.h"
#include "http/request.h"

static void
look(const struct http_request *request, const char *buf, size_t len)
{
	char *const names[] = { "localhost", "pgjump.example" };
	char value[16];

	assert(request->path > buf - 1 && request->path[0] == '/');
	assert(strlen(request->path) < len);
	assert(request->head_len <= len);
	assert(request->head_len <= HTTP_REQUEST_HEAD_MAX);
	assert(request->body_len <= HTTP_REQUEST_BODY_MAX);
	http_query_has(request->query, "jump");
	if (http_query_read(request->query, "connection", value, sizeof value))
		assert(strlen(value) < sizeof value &&
		    http_query_has(request->query, "connection"));
	if (request->host == NULL)
		return;
	assert(request->host >= buf && request->host < buf + len);
	http_guard_is_plain(request->host);
	http_guard_is_listed(request->host, names, 2);
}

/* The verdict when the bytes come one by one. */
static unsigned
read_slowly(const uint8_t *data, size_t len)
{
	struct http_request request;
	unsigned status = 0;
	char *buf = malloc(len + 1);

	assert(buf != NULL);
	for (size_t i = 1; i <= len && status == 0; i++) {
		memcpy(buf, data, i);
		status = http_request_read(buf, i, &request);
	}
	free(buf);
	return status;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct http_request request;
	char *buf = malloc(len + 1);
	unsigned status;

	assert(buf != NULL);
	memcpy(buf, data, len);
	status = http_request_read(buf, len, &request);
	if (status == 0)
		assert(memcmp(buf, data, len) == 0);
	if (status == 200)
		look(&request, buf, len);
	if (len < 2000)
		assert(read_slowly(data, len) == status);
	free(buf);
	return 0;
}
