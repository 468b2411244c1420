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
	struct ssh_wire comment; /* the same; empty where it is encrypted */
	bool is_encrypted;
};

/*
 * SSH_KEY_GOOD when the container is whole, its cipher and cost are fit for
 * libssh2 and, where it is not encrypted, its private half holds together.
 */
enum ssh_key_verdict ssh_key_openssh_read(const unsigned char *bytes,
    size_t len, struct ssh_key_openssh *out);

#endif
