/* SPDX-License-Identifier: PostgreSQL */

/*
 * Each message of SOCKS has one answer, and each answer one form, except that a
 * reply of SOCKS5 is as long as the address in it.  Its code is judged as soon
 * as it is there, since a proxy may close behind it.
 */
#include "ssh/proxy_socks.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/address.h"

/* RFC 1928, 3: methods. */
#define METHOD_NONE    0x00
#define METHOD_LOGIN   0x02
#define METHOD_REFUSED 0xff

/* RFC 1928, 5: types of addresses. */
#define TYPE_IPV4 0x01
#define TYPE_NAME 0x03
#define TYPE_IPV6 0x04

/* --- Messages ------------------------------------------------------------- */

struct writing {
	unsigned char *out;
	size_t len;
};

static void
put(struct writing *writing, const void *bytes, size_t len)
{
	assert(writing->len + len <= SSH_PROXY_SOCKS_MAX);
	memcpy(writing->out + writing->len, bytes, len);
	writing->len += len;
}

static void
put_byte(struct writing *writing, unsigned value)
{
	put(writing, &(unsigned char){ (unsigned char)value }, 1);
}

/* A text with its length in front. */
static void
put_counted(struct writing *writing, const char *text)
{
	put_byte(writing, (unsigned)strlen(text));
	put(writing, text, strlen(text));
}

static void
put_port(struct writing *writing, unsigned port)
{
	put_byte(writing, port >> 8);
	put_byte(writing, port & 0xff);
}

static void
write_methods(struct writing *writing, const struct ssh_proxy_asked *asked)
{
	put_byte(writing, 5);
	put_byte(writing, asked->username != NULL ? 2 : 1);
	put_byte(writing, METHOD_NONE);
	if (asked->username != NULL)
		put_byte(writing, METHOD_LOGIN);
}

static void
write_login(struct writing *writing, const struct ssh_proxy_asked *asked)
{
	put_byte(writing, 1); /* the version of RFC 1929, 2 */
	put_counted(writing, asked->username);
	put_counted(writing, asked->password);
}

static void
write_connect(struct writing *writing, const struct ssh_proxy_asked *asked)
{
	unsigned char address[ADDRESS_LEN_MAX];

	put(writing, "\5\1\0", 3);
	switch (address_read(asked->host, address)) {
	case AF_INET:
		put_byte(writing, TYPE_IPV4);
		put(writing, address, 4);
		break;
	case AF_INET6:
		put_byte(writing, TYPE_IPV6);
		put(writing, address, 16);
		break;
	default:
		put_byte(writing, TYPE_NAME);
		put_counted(writing, asked->host);
		break;
	}
	put_port(writing, asked->port);
}

/* 0.0.0.1 stands for a name, which follows the user. */
static void
write_connect_4(struct writing *writing, const struct ssh_proxy_asked *asked)
{
	const char *user = asked->username != NULL ? asked->username : "";
	unsigned char address[ADDRESS_LEN_MAX];
	bool is_address = address_read(asked->host, address) == AF_INET;

	put(writing, "\4\1", 2);
	put_port(writing, asked->port);
	put(writing, is_address ? address : (const unsigned char *)"\0\0\0\1",
	    4);
	put(writing, user, strlen(user) + 1);
	if (!is_address)
		put(writing, asked->host, strlen(asked->host) + 1);
}

size_t
ssh_proxy_socks_write(enum ssh_proxy_socks message,
    const struct ssh_proxy_asked *asked, unsigned char out[SSH_PROXY_SOCKS_MAX])
{
	struct writing writing = { .out = out };

	switch (message) {
	case SSH_PROXY_SOCKS5_METHODS:
		write_methods(&writing, asked);
		break;
	case SSH_PROXY_SOCKS5_LOGIN:
		write_login(&writing, asked);
		break;
	case SSH_PROXY_SOCKS5_CONNECT:
		write_connect(&writing, asked);
		break;
	case SSH_PROXY_SOCKS4_CONNECT:
		write_connect_4(&writing, asked);
		break;
	}
	return writing.len;
}

/* --- Answers -------------------------------------------------------------- */

/* RFC 1928, 6. */
static const struct reply {
	unsigned char code;
	enum failure failure;
	const char *meaning;
} replies_5[] = {
	{ 1, FAIL_PROXY_JUMP_UNREACHED, "general failure" },
	{ 2, FAIL_PROXY_FORBIDS, "not allowed by its rules" },
	{ 3, FAIL_PROXY_JUMP_UNREACHABLE, "network unreachable" },
	{ 4, FAIL_PROXY_JUMP_UNREACHABLE, "host unreachable" },
	{ 5, FAIL_PROXY_JUMP_REFUSED, "connection refused" },
	{ 6, FAIL_PROXY_JUMP_TIMEOUT, "TTL expired" },
	{ 7, FAIL_PROXY_NO_CONNECT, "command not supported" },
	{ 8, FAIL_PROXY_NO_CONNECT, "type of address not supported" },
	{ 0, FAIL_PROXY_JUMP_UNREACHED, "unknown code" },
};

static const struct reply replies_4[] = {
	{ 91, FAIL_PROXY_JUMP_UNREACHED, "rejected or failed" },
	{ 92, FAIL_PROXY_AUTH_REJECTED, "no identd answers for the user" },
	{ 93, FAIL_PROXY_AUTH_REJECTED, "identd names another user" },
	{ 0, FAIL_PROXY_JUMP_UNREACHED, "unknown code" },
};

static void
say(struct ssh_proxy_answer *answer, unsigned version, unsigned code,
    const char *meaning)
{
	snprintf(answer->said, sizeof answer->said, "SOCKS%u reply %u, %s",
	    version, code, meaning);
}

/* `replies` ends with the row for all other codes. */
static void
fail(struct ssh_proxy_answer *answer, unsigned version,
    const struct reply *replies, unsigned char code)
{
	while (replies->code != 0 && replies->code != code)
		replies++;
	say(answer, version, code, replies->meaning);
	ssh_proxy_answer_fail(answer, replies->failure);
	if (answer->code == FAIL_PROXY_JUMP_TIMEOUT)
		snprintf(answer->words, sizeof answer->words,
		    "in the time that it allows itself");
}

static void
step(struct ssh_proxy_answer *answer, size_t used,
    enum ssh_proxy_socks *message, enum ssh_proxy_socks next)
{
	answer->progress = SSH_PROXY_NEXT;
	answer->used = used;
	*message = next;
}

static void
read_method(enum ssh_proxy_socks *message, const struct ssh_proxy_asked *asked,
    unsigned char method, struct ssh_proxy_answer *answer)
{
	bool has_login = asked->username != NULL;

	snprintf(answer->said, sizeof answer->said, "SOCKS5 method %u", method);
	if (method == METHOD_NONE)
		step(answer, 2, message, SSH_PROXY_SOCKS5_CONNECT);
	else if (method == METHOD_LOGIN && has_login)
		step(answer, 2, message, SSH_PROXY_SOCKS5_LOGIN);
	else if (method != METHOD_REFUSED) /* one that was not offered */
		ssh_proxy_answer_fail(answer, FAIL_PROXY_AUTH_METHOD);
	else
		ssh_proxy_answer_fail(answer,
		    has_login ? FAIL_PROXY_AUTH_METHOD
			      : FAIL_PROXY_AUTH_WANTED);
}

/* RFC 1929, 2: every status but 0 is a failure. */
static void
read_login(enum ssh_proxy_socks *message, unsigned char status,
    struct ssh_proxy_answer *answer)
{
	snprintf(answer->said, sizeof answer->said, "SOCKS5 login status %u",
	    status);
	if (status == 0)
		step(answer, 2, message, SSH_PROXY_SOCKS5_CONNECT);
	else
		ssh_proxy_answer_fail(answer, FAIL_PROXY_AUTH_REJECTED);
}

/* The length of a reply, by its first five bytes; 0: its address is of no known
 * type. */
static size_t
reply_len(const unsigned char *bytes)
{
	switch (bytes[3]) {
	case TYPE_IPV4:
		return 4 + 4 + 2;
	case TYPE_NAME:
		return (size_t)4 + 1 + bytes[4] + 2;
	case TYPE_IPV6:
		return 4 + 16 + 2;
	default:
		return 0;
	}
}

static void
read_success(const unsigned char *bytes, size_t len,
    struct ssh_proxy_answer *answer)
{
	size_t whole;

	if (len < 5)
		return;
	whole = reply_len(bytes);
	if (whole == 0) {
		ssh_proxy_answer_stranger(answer, bytes, len, true,
		    FAIL_PROXY_NOT_SOCKS);
	} else if (len >= whole) {
		answer->progress = SSH_PROXY_OPEN;
		answer->used = whole;
		say(answer, 5, 0, "succeeded");
	}
}

/*
 * dante says 4 (host unreachable) for a name that it cannot resolve, and then
 * the address of its reply is that name.
 */
static void
read_reply(const unsigned char *bytes, size_t len, bool is_ended,
    struct ssh_proxy_answer *answer)
{
	unsigned char code = bytes[1];

	if (code == 0) {
		read_success(bytes, len, answer);
	} else if (code != 4 || len >= 4 || is_ended) {
		fail(answer, 5, replies_5, code);
		if (code == 4 && len >= 4 && bytes[3] == TYPE_NAME)
			answer->code = FAIL_PROXY_JUMP_UNKNOWN;
	}
}

/*
 * A server without 4a takes the address that stands for a name for an address,
 * and fails to reach it.
 */
static void
fail_4(const struct ssh_proxy_asked *asked, unsigned char code,
    struct ssh_proxy_answer *answer)
{
	unsigned char address[ADDRESS_LEN_MAX];

	fail(answer, 4, replies_4, code);
	if (answer->code == FAIL_PROXY_JUMP_UNREACHED &&
	    address_read(asked->host, address) != AF_INET)
		snprintf(answer->words, sizeof answer->words,
		    "%.200s; a server that has SOCKS4 without 4a takes "
		    "addresses only",
		    answer->said);
}

/* Eight bytes, the first of which is 0; those behind the code mean nothing. */
static void
read_reply_4(const struct ssh_proxy_asked *asked, const unsigned char *bytes,
    size_t len, struct ssh_proxy_answer *answer)
{
	if (bytes[1] != 90) {
		fail_4(asked, bytes[1], answer);
	} else if (len >= 8) {
		answer->progress = SSH_PROXY_OPEN;
		answer->used = 8;
		say(answer, 4, 90, "granted");
	}
}

/* The first byte of an answer; some write 5 where RFC 1929 has 1. */
static bool
is_begun_well(enum ssh_proxy_socks message, unsigned char first)
{
	switch (message) {
	case SSH_PROXY_SOCKS5_METHODS:
	case SSH_PROXY_SOCKS5_CONNECT:
		return first == 5;
	case SSH_PROXY_SOCKS5_LOGIN:
		return first == 1 || first == 5;
	case SSH_PROXY_SOCKS4_CONNECT:
		break;
	}
	return first == 0 || first == 4;
}

void
ssh_proxy_socks_read(enum ssh_proxy_socks *message,
    const struct ssh_proxy_asked *asked, const unsigned char *bytes, size_t len,
    bool is_ended, struct ssh_proxy_answer *answer)
{
	*answer = (struct ssh_proxy_answer){ .progress = SSH_PROXY_MORE };
	if (len > 0 && !is_begun_well(*message, bytes[0])) {
		ssh_proxy_answer_stranger(answer, bytes, len, is_ended,
		    FAIL_PROXY_NOT_SOCKS);
		return;
	}
	if (len < 2)
		return;
	switch (*message) {
	case SSH_PROXY_SOCKS5_METHODS:
		read_method(message, asked, bytes[1], answer);
		break;
	case SSH_PROXY_SOCKS5_LOGIN:
		read_login(message, bytes[1], answer);
		break;
	case SSH_PROXY_SOCKS5_CONNECT:
		read_reply(bytes, len, is_ended, answer);
		break;
	case SSH_PROXY_SOCKS4_CONNECT:
		read_reply_4(asked, bytes, len, answer);
		break;
	}
}
