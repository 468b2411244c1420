/* SPDX-License-Identifier: PostgreSQL */

/*
 * What an SSH agent answers (draft-ietf-sshm-ssh-agent), read within bounds.
 * Pure: bytes in, values out.  ssh/agent.h fetches them.
 */
#ifndef PGJUMP_SSH_AGENT_ANSWER_H
#define PGJUMP_SSH_AGENT_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "key/ssh_wire.h"

/* draft-ietf-sshm-ssh-agent, 6.1: the first byte of an answer. */
enum {
	SSH_AGENT_FAILURE = 5,
	SSH_AGENT_IDENTITIES_ANSWER = 12,
	SSH_AGENT_SIGN_RESPONSE = 14,
	SSH_AGENT_EXTENSION_FAILURE = 28,
};

/* RSA with 16384 bits needs 2048 bytes; libssh2 sends no packet over 32 KB. */
#define SSH_AGENT_SIGNATURE_MAX 8192

struct ssh_agent_key {
	unsigned char *blob; /* RFC 4253, 6.6 */
	size_t blob_len;
	char *comment; /* up to its first NUL byte */
};

struct ssh_agent_keys {
	struct ssh_agent_key *list;
	size_t count;
};

enum ssh_agent_answer {
	SSH_AGENT_ANSWERED,
	SSH_AGENT_REFUSED,
	SSH_AGENT_FOREIGN, /* not an answer to the request */
};

/* Take off the first byte, which says what the answer is. */
enum ssh_agent_answer ssh_agent_answer_kind(struct ssh_wire *answer,
    unsigned char expected);

/*
 * Read the list of keys behind that byte; release it with
 * ssh_agent_answer_clear() in any case.  False: the list is damaged, and *keys
 * is empty.
 */
bool ssh_agent_answer_keys(struct ssh_wire answer, struct ssh_agent_keys *);
void ssh_agent_answer_clear(struct ssh_agent_keys *);

/*
 * Read a signature and its algorithm (RFC 4253, 6.6) behind that byte; both are
 * borrowed.  False: damaged, or longer than SSH_AGENT_SIGNATURE_MAX.
 */
bool ssh_agent_answer_signature(struct ssh_wire answer,
    struct ssh_wire *algorithm, struct ssh_wire *signature);

#endif
