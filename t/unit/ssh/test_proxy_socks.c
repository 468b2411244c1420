/* SPDX-License-Identifier: PostgreSQL */

/*
 * The messages of SOCKS, byte for byte, and answers of real proxies, whole and
 * cut anywhere.
 */
#include "ssh/proxy_socks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define BYTES(text) (const unsigned char *)(text), sizeof(text) - 1

static const struct ssh_proxy_asked by_name = { .host = "jump.test",
	.port = 2222 };
static const struct ssh_proxy_asked by_login = { .host = "192.0.2.7",
	.port = 22,
	.username = "me",
	.password = "secret" };

static struct ssh_proxy_answer answer;

static void
check_message(enum ssh_proxy_socks message, const struct ssh_proxy_asked *asked,
    const unsigned char *expected, size_t len)
{
	unsigned char out[SSH_PROXY_SOCKS_MAX];

	assert_int_equal(ssh_proxy_socks_write(message, asked, out), len);
	assert_memory_equal(out, expected, len);
}

static void
messages_are_those_of_the_rfcs(void **state)
{
	const struct ssh_proxy_asked v6 = { .host = "::1", .port = 22 };
	const struct ssh_proxy_asked user = { .host = "jump.test",
		.port = 2222,
		.username = "me" };

	(void)state;
	check_message(SSH_PROXY_SOCKS5_METHODS, &by_name, BYTES("\5\1\0"));
	check_message(SSH_PROXY_SOCKS5_METHODS, &by_login, BYTES("\5\2\0\2"));
	check_message(SSH_PROXY_SOCKS5_LOGIN, &by_login,
	    BYTES("\1\2me\6secret"));
	check_message(SSH_PROXY_SOCKS5_CONNECT, &by_name,
	    BYTES("\5\1\0\3\11jump.test\10\256"));
	check_message(SSH_PROXY_SOCKS5_CONNECT, &by_login,
	    BYTES("\5\1\0\1\300\0\2\7\0\26"));
	check_message(SSH_PROXY_SOCKS5_CONNECT, &v6,
	    BYTES("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\26"));
	check_message(SSH_PROXY_SOCKS4_CONNECT, &user,
	    BYTES("\4\1\10\256\0\0\0\1me\0jump.test\0"));
	check_message(SSH_PROXY_SOCKS4_CONNECT, &by_login,
	    BYTES("\4\1\0\26\300\0\2\7me\0"));
}

static void
the_longest_message_fits(void **state)
{
	char host[254], user[256];
	unsigned char out[SSH_PROXY_SOCKS_MAX];
	const struct ssh_proxy_asked asked = { .host = host,
		.port = 22,
		.username = user,
		.password = user };

	(void)state;
	memset(host, 'h', sizeof host);
	memset(user, 'u', sizeof user);
	host[sizeof host - 1] = user[sizeof user - 1] = '\0';
	for (enum ssh_proxy_socks i = SSH_PROXY_SOCKS5_METHODS;
	     i <= SSH_PROXY_SOCKS4_CONNECT; i++)
		assert_true(
		    ssh_proxy_socks_write(i, &asked, out) <= sizeof out);
}

static enum ssh_proxy_progress
read_bytes(enum ssh_proxy_socks *message, const struct ssh_proxy_asked *asked,
    const unsigned char *bytes, size_t len, bool is_ended)
{
	unsigned char *copy = malloc(len > 0 ? len : 1);

	memcpy(copy, bytes, len);
	ssh_proxy_socks_read(message, asked, copy, len, is_ended, &answer);
	free(copy);
	return answer.progress;
}

/* Complete with its last byte, and not before; what follows is not used. */
static void
check_whole(enum ssh_proxy_socks message, const unsigned char *bytes,
    size_t len, enum ssh_proxy_progress progress, enum ssh_proxy_socks next)
{
	enum ssh_proxy_socks now = message;
	unsigned char more[100];

	for (size_t cut = 0; cut < len; cut++) {
		assert_int_equal(read_bytes(&now, &by_login, bytes, cut, false),
		    SSH_PROXY_MORE);
		assert_int_equal(now, message);
	}
	memcpy(more, bytes, len);
	memcpy(more + len, "SSH-", 4);
	assert_int_equal(read_bytes(&now, &by_login, more, len + 4, false),
	    progress);
	assert_int_equal(answer.used, len);
	assert_int_equal(now, next);
}

static void
answers_are_as_long_as_their_address(void **state)
{
	(void)state;
	check_whole(SSH_PROXY_SOCKS5_METHODS, BYTES("\5\2"), SSH_PROXY_NEXT,
	    SSH_PROXY_SOCKS5_LOGIN);
	check_whole(SSH_PROXY_SOCKS5_METHODS, BYTES("\5\0"), SSH_PROXY_NEXT,
	    SSH_PROXY_SOCKS5_CONNECT);
	check_whole(SSH_PROXY_SOCKS5_LOGIN, BYTES("\1\0"), SSH_PROXY_NEXT,
	    SSH_PROXY_SOCKS5_CONNECT);
	check_whole(SSH_PROXY_SOCKS5_LOGIN, BYTES("\5\0"), SSH_PROXY_NEXT,
	    SSH_PROXY_SOCKS5_CONNECT);
	check_whole(SSH_PROXY_SOCKS5_CONNECT, BYTES("\5\0\0\1abcdxy"),
	    SSH_PROXY_OPEN, SSH_PROXY_SOCKS5_CONNECT);
	check_whole(SSH_PROXY_SOCKS5_CONNECT, BYTES("\5\0\0\3\4namexy"),
	    SSH_PROXY_OPEN, SSH_PROXY_SOCKS5_CONNECT);
	check_whole(SSH_PROXY_SOCKS5_CONNECT, BYTES("\5\0\0\3\0xy"),
	    SSH_PROXY_OPEN, SSH_PROXY_SOCKS5_CONNECT);
	check_whole(SSH_PROXY_SOCKS5_CONNECT,
	    BYTES("\5\0\0\4abcdabcdabcdabcdxy"), SSH_PROXY_OPEN,
	    SSH_PROXY_SOCKS5_CONNECT);
	check_whole(SSH_PROXY_SOCKS4_CONNECT, BYTES("\0\x5a\0\0\0\0\0\0"),
	    SSH_PROXY_OPEN, SSH_PROXY_SOCKS4_CONNECT);
}

static void
a_refusal_tells_its_cause(void **state)
{
	static const struct {
		enum ssh_proxy_socks message;
		const struct ssh_proxy_asked *asked;
		const unsigned char *bytes;
		size_t len;
		bool is_ended;
		enum failure code;
	} cases[] = {
		{ SSH_PROXY_SOCKS5_METHODS, &by_name, BYTES("\5\xff"), false,
		    FAIL_PROXY_AUTH_WANTED },
		{ SSH_PROXY_SOCKS5_METHODS, &by_login, BYTES("\5\xff"), false,
		    FAIL_PROXY_AUTH_METHOD },
		/* a method that was not offered */
		{ SSH_PROXY_SOCKS5_METHODS, &by_name, BYTES("\5\2"), false,
		    FAIL_PROXY_AUTH_METHOD },
		/* microsocks, dante */
		{ SSH_PROXY_SOCKS5_LOGIN, &by_login, BYTES("\1\2"), false,
		    FAIL_PROXY_AUTH_REJECTED },
		{ SSH_PROXY_SOCKS5_LOGIN, &by_login, BYTES("\1\1"), false,
		    FAIL_PROXY_AUTH_REJECTED },
		{ SSH_PROXY_SOCKS5_CONNECT, &by_name, BYTES("\5\1"), false,
		    FAIL_PROXY_JUMP_UNREACHED },
		{ SSH_PROXY_SOCKS5_CONNECT, &by_name, BYTES("\5\2"), false,
		    FAIL_PROXY_FORBIDS },
		{ SSH_PROXY_SOCKS5_CONNECT, &by_name, BYTES("\5\3"), false,
		    FAIL_PROXY_JUMP_UNREACHABLE },
		{ SSH_PROXY_SOCKS5_CONNECT, &by_name, BYTES("\5\4\0\1"), false,
		    FAIL_PROXY_JUMP_UNREACHABLE },
		{ SSH_PROXY_SOCKS5_CONNECT, &by_name, BYTES("\5\4"), true,
		    FAIL_PROXY_JUMP_UNREACHABLE },
		{ SSH_PROXY_SOCKS5_CONNECT, &by_name, BYTES("\5\4\0\3"), false,
		    FAIL_PROXY_JUMP_UNKNOWN },
		{ SSH_PROXY_SOCKS5_CONNECT, &by_name, BYTES("\5\5"), false,
		    FAIL_PROXY_JUMP_REFUSED },
		{ SSH_PROXY_SOCKS5_CONNECT, &by_name, BYTES("\5\6"), false,
		    FAIL_PROXY_JUMP_TIMEOUT },
		{ SSH_PROXY_SOCKS5_CONNECT, &by_name, BYTES("\5\10"), false,
		    FAIL_PROXY_NO_CONNECT },
		{ SSH_PROXY_SOCKS5_CONNECT, &by_name, BYTES("\5\x77"), false,
		    FAIL_PROXY_JUMP_UNREACHED },
		{ SSH_PROXY_SOCKS5_CONNECT, &by_name, BYTES("\5\0\0\2xxxxxx"),
		    false, FAIL_PROXY_NOT_SOCKS },
		{ SSH_PROXY_SOCKS4_CONNECT, &by_name, BYTES("\0\x5b"), false,
		    FAIL_PROXY_JUMP_UNREACHED },
		{ SSH_PROXY_SOCKS4_CONNECT, &by_name, BYTES("\0\x5d"), false,
		    FAIL_PROXY_AUTH_REJECTED },
		{ SSH_PROXY_SOCKS4_CONNECT, &by_name, BYTES("\5\0"), true,
		    FAIL_PROXY_NOT_SOCKS },
		{ SSH_PROXY_SOCKS5_METHODS, &by_name, BYTES("HTTP/1.1 400\n"),
		    false, FAIL_PROXY_NOT_SOCKS },
		{ SSH_PROXY_SOCKS5_METHODS, &by_name, BYTES("\x15\3\1"), true,
		    FAIL_PROXY_SPEAKS_TLS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum ssh_proxy_socks message = cases[i].message;

		assert_int_equal(read_bytes(&message, cases[i].asked,
				     cases[i].bytes, cases[i].len,
				     cases[i].is_ended),
		    SSH_PROXY_FAILED);
		assert_int_equal(answer.code, cases[i].code);
		assert_true(answer.words[0] != '\0');
	}
}

static void
a_name_may_be_too_much_for_socks4(void **state)
{
	enum ssh_proxy_socks message = SSH_PROXY_SOCKS4_CONNECT;

	(void)state;
	read_bytes(&message, &by_name, BYTES("\0\x5b\0\0\0\0\0\0"), false);
	assert_string_equal(answer.words,
	    "SOCKS4 reply 91, rejected or failed; a server that has SOCKS4 "
	    "without 4a takes addresses only");
	read_bytes(&message, &by_login, BYTES("\0\x5b\0\0\0\0\0\0"), false);
	assert_string_equal(answer.words,
	    "SOCKS4 reply 91, rejected or failed");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_those_of_the_rfcs),
		cmocka_unit_test(the_longest_message_fits),
		cmocka_unit_test(answers_are_as_long_as_their_address),
		cmocka_unit_test(a_refusal_tells_its_cause),
		cmocka_unit_test(a_name_may_be_too_much_for_socks4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
