/* SPDX-License-Identifier: PostgreSQL */

/*
 * The key container of OpenSSH ("openssh-key-v1", PROTOCOL.key in its source),
 * as far as it can be read without its passphrase.
 */
#ifndef PGJUMP_KEY_SSH_KEY_OPENSSH_H
#define PGJUMP_KEY_SSH_KEY_OPENSSH_H

#include <stdbool.h>
#include <stddef.h>

#include "key/ssh_key_verdict.h"
#include "key/ssh_wire.h"

struct ssh_key_openssh {
	struct ssh_wire blob; /* the public key; borrowed from the container */
	struct ssh_wire comment; /* also borrowed; empty if encrypted */
	bool is_encrypted;
};

/*
 * SSH_KEY_GOOD: the container is whole, libssh2 can read its cipher at a
 * bearable cost and, if it is not encrypted, its private half is sound.
 */
enum ssh_key_verdict ssh_key_openssh_read(const unsigned char *bytes,
    size_t len, struct ssh_key_openssh *out);

#endif
