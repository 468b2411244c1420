/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whatever a proxy of HTTP answers: a verdict that was reached stays the same
 * when more bytes come, it uses no byte that is not there, and its texts are
 * printable.  The first byte says whether a user was given.
 */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "ssh/proxy_http.h"

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
	assert(answer->progress != SSH_PROXY_NEXT);
	assert((answer->progress == SSH_PROXY_FAILED) ==
	    (answer->code != FAIL_NONE));
	check_text(answer->words);
	check_text(answer->said);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ssh_proxy_answer whole, part, ended;
	bool has_login;

	if (len == 0 || len > SSH_PROXY_HTTP_MAX)
		return 0;
	has_login = (data[0] & 1) != 0;
	data++;
	len--;
	ssh_proxy_http_read(data, len, false, has_login, &whole);
	check(&whole, len);
	ssh_proxy_http_read(data, len, true, has_login, &ended);
	check(&ended, len);
	if (whole.progress != SSH_PROXY_MORE)
		assert(memcmp(&whole, &ended, sizeof whole) == 0);
	ssh_proxy_http_read(data, len / 2, false, has_login, &part);
	check(&part, len / 2);
	if (part.progress != SSH_PROXY_MORE) {
		assert(part.progress == whole.progress);
		assert(part.code == whole.code && part.used == whole.used);
	}
	return 0;
}
