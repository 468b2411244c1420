/* SPDX-License-Identifier: PostgreSQL */

/*
 * Two requests of the SSH agent protocol (draft-ietf-sshm-ssh-agent): list the
 * keys, sign with one.  Every wait has a deadline, while libssh2's own agent
 * code may block for ever.
 */
#ifndef PGJUMP_SSH_AGENT_H
#define PGJUMP_SSH_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ssh/agent_answer.h"

struct ssh_agent;

/*
 * Connect to the agent at `path`, or at $SSH_AUTH_SOCK where `path` is NULL.
 * NULL: `words` says why not.  All later calls end by `deadline_ms`
 * (base/clock.h) or when `cancel_fd` becomes readable.
 */
struct ssh_agent *ssh_agent_open(const char *path, int64_t deadline_ms,
    int cancel_fd, char *words, size_t words_size);
void ssh_agent_close(struct ssh_agent *); /* NULL is fine */

/*
 * False once a call has ended in the middle of an answer; later calls fail. An
 * agent that merely refused a request is still usable.
 */
bool ssh_agent_is_usable(const struct ssh_agent *);

/*
 * List the agent's keys, which it owns until it is closed.  False: see `words`.
 */
bool ssh_agent_list(struct ssh_agent *, const struct ssh_agent_key **keys,
    size_t *count, char *words, size_t words_size);

/*
 * Sign `data`.  `flags` are those of the protocol (2: rsa-sha2-256, 4:
 * rsa-sha2-512).  On success *signature is the inner signature blob, which the
 * caller frees.
 */
bool ssh_agent_sign(struct ssh_agent *, const struct ssh_agent_key *,
    const unsigned char *data, size_t len, uint32_t flags,
    unsigned char **signature, size_t *signature_len, char *words,
    size_t words_size);

#endif
