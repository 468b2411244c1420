/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whatever a proxy of SOCKS answers, message after message: no answer uses a
 * byte that is not there, the next message is a later one, and texts are
 * printable.  The first byte says which version is spoken, and whether a user
 * was given.
 */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "ssh/proxy_socks.h"

static void
check_text(const char *text)
{
	for (; *text != '\0'; text++)
		assert(*text >= ' ' && *text <= '~');
}

static void
check(const struct ssh_proxy_answer *answer, size_t len)
{
	assert(answer->used <= len);
	assert((answer->progress == SSH_PROXY_FAILED) ==
	    (answer->code != FAIL_NONE));
	check_text(answer->words);
	check_text(answer->said);
	if (answer->progress == SSH_PROXY_OPEN)
		assert(answer->used >= 7 &&
		    answer->used <= SSH_PROXY_SOCKS_ANSWER_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ssh_proxy_asked asked = { .host = "jump.test", .port = 22 };
	struct ssh_proxy_answer answer, part;
	enum ssh_proxy_socks message, before;
	unsigned char out[SSH_PROXY_SOCKS_MAX];

	if (len == 0)
		return 0;
	message = (data[0] & 1) != 0 ? SSH_PROXY_SOCKS4_CONNECT
				     : SSH_PROXY_SOCKS5_METHODS;
	if ((data[0] & 2) != 0)
		asked.username = asked.password = "user";
	data++;
	len--;
	do {
		assert(ssh_proxy_socks_write(message, &asked, out) > 0);
		before = message;
		ssh_proxy_socks_read(&message, &asked, data, len / 2, false,
		    &part);
		check(&part, len / 2);
		message = before;
		ssh_proxy_socks_read(&message, &asked, data, len, true,
		    &answer);
		check(&answer, len);
		if (part.progress == SSH_PROXY_OPEN ||
		    part.progress == SSH_PROXY_NEXT)
			assert(part.progress == answer.progress &&
			    part.used == answer.used);
		assert(answer.progress != SSH_PROXY_NEXT || message > before);
		data += answer.used;
		len -= answer.used;
	} while (answer.progress == SSH_PROXY_NEXT);
	return 0;
}
