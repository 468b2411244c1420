/* SPDX-License-Identifier: PostgreSQL */

/*
 * Requests read out of bytes, their queries decoded, their Host judged.  The
 * statuses of odd requests are in t/401_http.t.
 */
#include "http/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "http/guard.h"
#include "http/query.h"

static char buf[HTTP_REQUEST_HEAD_MAX + 100];

static unsigned
read_text(const char *text, struct http_request *request)
{
	size_t len = strlen(text);

	memcpy(buf, text, len);
	return http_request_read(buf, len, request);
}

static void
a_request_is_read(void **state)
{
	struct http_request request;

	(void)state;
	assert_int_equal(read_text("POST /redial?jump=a HTTP/1.1\r\n"
				   "host:  localhost:1 \r\n"
				   "ACCEPT: text/plain\r\n"
				   "content-length: 5\r\n\r\nab",
			     &request),
	    200);
	assert_int_equal(request.method, HTTP_POST);
	assert_string_equal(request.path, "/redial");
	assert_string_equal(request.query, "jump=a");
	assert_string_equal(request.host, "localhost:1");
	assert_string_equal(request.accept, "text/plain");
	assert_int_equal(request.body_len, 5);
	assert_string_equal(buf + request.head_len, "ab");
	assert_false(request.has_page);
}

static void
a_head_that_is_not_complete_is_left_alone(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r";
	struct http_request request;

	(void)state;
	assert_int_equal(read_text(text, &request), 0);
	assert_memory_equal(buf, text, sizeof text - 1);
}

static void
a_head_has_a_limit(void **state)
{
	struct http_request request;

	(void)state;
	memset(buf, 'x', sizeof buf);
	assert_int_equal(http_request_read(buf, HTTP_REQUEST_HEAD_MAX,
			     &request),
	    0);
	assert_int_equal(http_request_read(buf, HTTP_REQUEST_HEAD_MAX + 1,
			     &request),
	    431);
}

static void
each_mark_of_a_page_is_seen(void **state)
{
	static const char *const marks[] = { "Origin", "referer",
		"SEC-FETCH-SITE" };
	struct http_request request;
	char text[100];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(text, sizeof text,
		    "GET / HTTP/1.1\r\nHost: a\r\n%s: \r\n\r\n", marks[i]);
		assert_int_equal(read_text(text, &request), 200);
		assert_true(request.has_page);
	}
}

static void
queries_are_decoded(void **state)
{
	static const struct {
		const char *query, *value; /* NULL: not there, or no text */
	} cases[] = {
		{ "jump=a", "a" },
		{ "x=1&jump=a+b%2Fc%2f&jump=later", "a b/c/" },
		{ "jump=&x", "" },
		{ "jump", "" },
		{ "jump=a=b", "a=b" },
		{ "jumper=a", NULL },
		{ "xjump=a", NULL },
		{ "jump=%", NULL },
		{ "jump=%4", NULL },
		{ "jump=%g0", NULL },
		{ "jump=%00", NULL },
		{ "jump=%0a", NULL },
		{ "jump=0123456789abcdef", NULL },
		{ "", NULL },
		{ NULL, NULL },
	};
	char value[16];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool is_there = http_query_read(cases[i].query, "jump", value,
		    sizeof value);

		assert_int_equal(is_there, cases[i].value != NULL);
		if (is_there)
			assert_string_equal(value, cases[i].value);
	}
	assert_true(http_query_has("jump=%", "jump"));
	assert_false(http_query_has("jump=%", "jum"));
}

static void
a_plain_host_is_an_address_or_localhost(void **state)
{
	static const char *const plain[] = { "localhost", "LocalHost:80",
		"127.0.0.1", "10.0.0.1:9090", "[::1]", "[fd00::1]:9090" };
	static const char *const others[] = { "", "example.com",
		"127.0.0.1.example.com", "localhost.", "::1", "[::1", "[a]",
		"localhost:http", "127.1", "0x7f000001", "127.0.0.1 x" };

	(void)state;
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		assert_true(http_guard_is_plain(plain[i]));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_false(http_guard_is_plain(others[i]));
}

static void
listed_hosts_are_compared_without_port(void **state)
{
	char *const names[] = { "pgjump.example", "other" };

	(void)state;
	assert_true(http_guard_is_listed("PGJUMP.example:9090", names, 2));
	assert_true(http_guard_is_listed("other", names, 2));
	assert_false(http_guard_is_listed("pgjump.example.com", names, 2));
	assert_false(http_guard_is_listed("x.other", names, 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_read),
		cmocka_unit_test(a_head_that_is_not_complete_is_left_alone),
		cmocka_unit_test(a_head_has_a_limit),
		cmocka_unit_test(each_mark_of_a_page_is_seen),
		cmocka_unit_test(queries_are_decoded),
		cmocka_unit_test(a_plain_host_is_an_address_or_localhost),
		cmocka_unit_test(listed_hosts_are_compared_without_port),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
