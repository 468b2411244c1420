/* SPDX-License-Identifier: PostgreSQL */

/*
 * The head of an HTTP/1 request (RFC 9112), read out of the bytes that have
 * come.  Pure.  GET, HEAD and POST are known; whatever is unclear is refused,
 * since nobody who asks about the health of a process has to be unclear.
 */
#ifndef PGJUMP_HTTP_REQUEST_H
#define PGJUMP_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_REQUEST_HEAD_MAX ((size_t)16 * 1024)
#define HTTP_REQUEST_BODY_MAX ((size_t)64 * 1024)

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
};

/* All texts are in the bytes that were read. */
struct http_request {
	enum http_method method;
	const char *path;   /* as sent, without the query */
	const char *query;  /* as sent; NULL: none (http/query.h) */
	const char *host;   /* NULL: none, which HTTP/1.0 allows */
	const char *accept; /* NULL: none */
	/* A browser sends one of these for a page: Origin, Referer or
	 * Sec-Fetch-Site. */
	bool has_page;
	size_t head_len; /* the body begins here */
	size_t body_len;
};

/*
 * 0: more bytes are needed.  200: the head is complete; the texts of the
 * request are in `buf`, which is changed for that.  Else the status with which
 * the request is to be refused.
 */
unsigned http_request_read(char *buf, size_t len, struct http_request *);

#endif
