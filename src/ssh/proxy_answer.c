/* SPDX-License-Identifier: PostgreSQL */

/* How both parsers fail. */
#include "ssh/proxy_answer.h"

#include <stdio.h>
#include <string.h>

#include "ssh/peer.h"

/* This much of a line is quoted, and waited for. */
#define LINE_MAX_LEN 60

void
ssh_proxy_answer_fail(struct ssh_proxy_answer *answer, enum failure code)
{
	answer->progress = SSH_PROXY_FAILED;
	answer->code = code;
	snprintf(answer->words, sizeof answer->words, "%s", answer->said);
}

void
ssh_proxy_answer_stranger(struct ssh_proxy_answer *answer,
    const unsigned char *bytes, size_t len, bool is_ended, enum failure code)
{
	struct ssh_heard heard = { 0 };

	answer->progress = SSH_PROXY_MORE;
	if (!is_ended && len < LINE_MAX_LEN && memchr(bytes, '\n', len) == NULL)
		return;
	heard.len = len < sizeof heard.bytes ? len : sizeof heard.bytes;
	memcpy(heard.bytes, bytes, heard.len);
	answer->progress = SSH_PROXY_FAILED;
	answer->code = ssh_peer_is_tls(bytes, len) ? FAIL_PROXY_SPEAKS_TLS
						   : code;
	ssh_peer_describe(&heard, answer->words, sizeof answer->words);
}
