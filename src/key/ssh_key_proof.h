/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whether libssh2 itself can use a private key, found out without a network.
 */
#ifndef PGJUMP_KEY_SSH_KEY_PROOF_H
#define PGJUMP_KEY_SSH_KEY_PROOF_H

#include <stdbool.h>

#include "key/ssh_wire.h"

/*
 * True: libssh2 reads the private key `text` with `passphrase` (NULL for none)
 * and derives the public key `blob` from it.  It costs the CPU time of one
 * decryption.
 */
bool ssh_key_proof(const char *text, const char *passphrase,
    const struct ssh_blob *blob);

#endif
