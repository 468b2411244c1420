/* SPDX-License-Identifier: PostgreSQL */

/*
 * What a proxy is asked, and what its answer means: the values that the parsers
 * of HTTP and SOCKS share.
 */
#ifndef PGJUMP_SSH_PROXY_ANSWER_H
#define PGJUMP_SSH_PROXY_ANSWER_H

#include <stddef.h>

#include "base/failure.h"
#include "base/fault.h"

/* A connection to this host; borrowed. */
struct ssh_proxy_asked {
	const char *host; /* a name, which the proxy resolves, or an address */
	unsigned port;
	const char *username; /* NULL: the proxy is not told who asks */
	const char *password; /* of a user, but with SOCKS4 */
};

enum ssh_proxy_progress {
	SSH_PROXY_MORE, /* the answer goes on */
	SSH_PROXY_NEXT, /* SOCKS5: another message is due */
	SSH_PROXY_OPEN, /* what follows is the jump box's */
	SSH_PROXY_FAILED,
};

struct ssh_proxy_answer {
	enum ssh_proxy_progress progress;
	size_t used;                 /* bytes of the answer; others follow it */
	enum failure code;           /* of SSH_PROXY_FAILED */
	char words[FAULT_WORDS_MAX]; /* for the row of the code */
	char said[FAULT_WORDS_MAX];  /* the proxy's own words, for DETAIL */
};

/*
 * What answers is no proxy of this kind, but may be known by its bytes: fails
 * with FAIL_PROXY_SPEAKS_TLS or with `code`, and quotes them.  It asks for more
 * until there is a line, or until the answer has ended.
 */
void ssh_proxy_answer_stranger(struct ssh_proxy_answer *,
    const unsigned char *bytes, size_t len, bool is_ended, enum failure code);

/* Fail; the words are those of the proxy, in `said`. */
void ssh_proxy_answer_fail(struct ssh_proxy_answer *, enum failure code);

#endif
