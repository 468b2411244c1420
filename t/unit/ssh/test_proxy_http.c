/* SPDX-License-Identifier: PostgreSQL */

/*
 * The request for a tunnel of HTTP, and answers of real proxies, whole and cut
 * anywhere.
 */
#include "ssh/proxy_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/secret.h"

static struct ssh_proxy_answer answer;

static enum ssh_proxy_progress
read_bytes(const char *text, size_t len, bool is_ended, bool has_login)
{
	/* a copy of exactly this length, for the sanitizer */
	unsigned char *bytes = malloc(len > 0 ? len : 1);

	memcpy(bytes, text, len);
	ssh_proxy_http_read(bytes, len, is_ended, has_login, &answer);
	free(bytes);
	return answer.progress;
}

static void
a_request_names_the_jump_box(void **state)
{
	const struct ssh_proxy_asked named = { .host = "jump.test",
		.port = 22 };
	const struct ssh_proxy_asked known = { .host = "fd00::1",
		.port = 2222,
		.username = "Aladdin",
		.password = "open sesame" };
	char *request = ssh_proxy_http_request(&named);

	(void)state;
	assert_string_equal(request,
	    "CONNECT jump.test:22 HTTP/1.1\r\nHost: jump.test:22\r\n\r\n");
	secret_free(request);
	/* the example of RFC 7617, 2 */
	request = ssh_proxy_http_request(&known);
	assert_string_equal(request,
	    "CONNECT [fd00::1]:2222 HTTP/1.1\r\nHost: [fd00::1]:2222\r\n"
	    "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
	secret_free(request);
}

static void
an_answer_is_read_however_it_is_cut(void **state)
{
	static const char head[] = "HTTP/1.1 100 Continue\r\n\r\n"
				   "HTTP/1.1 200 Connection established\r\n"
				   "Proxy-Agent: x\r\n\r\n";
	static const char all[] = "HTTP/1.1 100 Continue\r\n\r\n"
				  "HTTP/1.1 200 Connection established\r\n"
				  "Proxy-Agent: x\r\n\r\nSSH-2.0-x\r\n";

	(void)state;
	for (size_t len = 0; len < sizeof all - 1; len++) {
		enum ssh_proxy_progress progress = read_bytes(all, len, false,
		    false);

		if (len < sizeof head - 1) {
			assert_int_equal(progress, SSH_PROXY_MORE);
			continue;
		}
		assert_int_equal(progress, SSH_PROXY_OPEN);
		assert_int_equal(answer.used, sizeof head - 1);
		assert_string_equal(answer.said,
		    "HTTP/1.1 200 Connection established");
	}
}

static void
lines_may_end_in_a_single_lf(void **state)
{
	static const char text[] = "HTTP/1.0 200 OK\nA: b\n\nSSH-";

	(void)state;
	assert_int_equal(read_bytes(text, sizeof text - 1, false, false),
	    SSH_PROXY_OPEN);
	assert_int_equal(answer.used, sizeof text - 1 - 4);
}

static void
a_stranger_is_quoted(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		bool is_ended;
		enum ssh_proxy_progress progress;
		enum failure code;
		const char *words;
	} cases[] = {
#define TEXT(text) text, sizeof text - 1
		{ TEXT(""), false, SSH_PROXY_MORE, FAIL_NONE, "" },
		{ TEXT(""), true, SSH_PROXY_MORE, FAIL_NONE, "" },
		{ TEXT("HT"), true, SSH_PROXY_MORE, FAIL_NONE, "" },
		{ TEXT("SSH-2.0-x"), false, SSH_PROXY_MORE, FAIL_NONE, "" },
		{ TEXT("SSH-2.0-x\r\n"), false, SSH_PROXY_FAILED,
		    FAIL_PROXY_NOT_HTTP, "\"SSH-2.0-x\"" },
		{ TEXT("\5\xff"), true, SSH_PROXY_FAILED, FAIL_PROXY_NOT_HTTP,
		    "\"??\"" },
		{ TEXT("HTTP/1.1 20 OK\r\n\r\n"), false, SSH_PROXY_FAILED,
		    FAIL_PROXY_NOT_HTTP, "\"HTTP/1.1 20 OK\"" },
		{ TEXT("HTTP/1.1 2000\r\n\r\n"), false, SSH_PROXY_FAILED,
		    FAIL_PROXY_NOT_HTTP, "\"HTTP/1.1 2000\"" },
		{ TEXT("\x15\3\1\0\2\2\x46"), true, SSH_PROXY_FAILED,
		    FAIL_PROXY_SPEAKS_TLS,
		    "bytes 15 03 01 00 02 02 46, alert protocol_version" },
#undef TEXT
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(read_bytes(cases[i].text, cases[i].len,
				     cases[i].is_ended, false),
		    cases[i].progress);
		assert_int_equal(answer.code, cases[i].code);
		assert_string_equal(answer.words, cases[i].words);
	}
}

static void
a_refusal_tells_its_cause(void **state)
{
	static const struct {
		const char *head;
		bool has_login;
		enum failure code;
		const char *said;
	} cases[] = {
		/* tinyproxy 1.11.1, squid 5.7 and 7.7 */
		{ "HTTP/1.1 500 Unable to connect\r\n", false,
		    FAIL_PROXY_JUMP_UNREACHED,
		    "HTTP/1.1 500 Unable to connect" },
		{ "HTTP/1.1 403 Access violation\r\n", false,
		    FAIL_PROXY_FORBIDS, "HTTP/1.1 403 Access violation" },
		{ "HTTP/1.0 401 Unauthorized\r\n"
		  "WWW-Authenticate: Basic realm=\"Tinyproxy\"\r\n",
		    true, FAIL_PROXY_AUTH_REJECTED,
		    "HTTP/1.0 401 Unauthorized" },
		{ "HTTP/1.1 407 Proxy Authentication Required\r\n"
		  "X-Squid-Error: ERR_CACHE_ACCESS_DENIED 0\r\n"
		  "Proxy-Authenticate: Basic realm=\"squid\"\r\n",
		    false, FAIL_PROXY_AUTH_WANTED,
		    "HTTP/1.1 407 Proxy Authentication Required, "
		    "X-Squid-Error: ERR_CACHE_ACCESS_DENIED 0" },
		{ "HTTP/1.1 503 Service Unavailable\r\n"
		  "x-squid-error:  \tERR_CONNECT_FAIL 111\r\n",
		    false, FAIL_PROXY_JUMP_REFUSED,
		    "HTTP/1.1 503 Service Unavailable, X-Squid-Error: "
		    "ERR_CONNECT_FAIL 111" },
		{ "HTTP/1.1 503 Service Unavailable\r\n"
		  "X-Squid-Error: ERR_CONNECT_FAIL 13\r\n",
		    false, FAIL_PROXY_JUMP_UNREACHED,
		    "HTTP/1.1 503 Service Unavailable, X-Squid-Error: "
		    "ERR_CONNECT_FAIL 13" },
		{ "HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\n"
		  "Proxy-Authenticate: Negotiate, BASIC realm=\"\"\r\n",
		    false, FAIL_PROXY_AUTH_WANTED, "HTTP/1.1 407 No" },
		{ "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=\"a, "
		  "Basic \\\" b\", nonce=\"c\"\r\n",
		    true, FAIL_PROXY_AUTH_METHOD, "HTTP/1.1 407 No" },
		{ "HTTP/1.1 407\r\n", true, FAIL_PROXY_AUTH_REJECTED,
		    "HTTP/1.1 407" },
		{ "HTTP/1.1 301 Moved\r\n", false, FAIL_PROXY_NO_CONNECT,
		    "HTTP/1.1 301 Moved" },
		{ "HTTP/1.1 504 Gateway Timeout\r\n", false,
		    FAIL_PROXY_JUMP_TIMEOUT, "HTTP/1.1 504 Gateway Timeout" },
	};
	char text[400];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		strcpy(text, cases[i].head);
		strcat(text, "\r\n<html>");
		assert_int_equal(read_bytes(text, strlen(text), false,
				     cases[i].has_login),
		    SSH_PROXY_FAILED);
		assert_int_equal(answer.code, cases[i].code);
		assert_string_equal(answer.said, cases[i].said);
	}
}

static void
schemes_are_named(void **state)
{
	static const char text[] =
	    "HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\n"
	    "Proxy-Authenticate: Digest realm=\"Basic, x\", nonce=\"y\", "
	    "NTLM\r\n\r\n";

	(void)state;
	read_bytes(text, sizeof text - 1, false, true);
	assert_string_equal(answer.words, "it offers Negotiate, Digest, NTLM");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_names_the_jump_box),
		cmocka_unit_test(an_answer_is_read_however_it_is_cut),
		cmocka_unit_test(lines_may_end_in_a_single_lf),
		cmocka_unit_test(a_stranger_is_quoted),
		cmocka_unit_test(a_refusal_tells_its_cause),
		cmocka_unit_test(schemes_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
