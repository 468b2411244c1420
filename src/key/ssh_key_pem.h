/* SPDX-License-Identifier: PostgreSQL */

/*
 * Private keys that OpenSSL reads: PKCS#1, SEC1, PKCS#8.
 */
#ifndef PGJUMP_KEY_SSH_KEY_PEM_H
#define PGJUMP_KEY_SSH_KEY_PEM_H

#include <stdbool.h>

#include "key/ssh_key_text.h"
#include "key/ssh_key_verdict.h"
#include "key/ssh_wire.h"

/*
 * Decrypt and read a key.  `passphrase` may be NULL.  SSH_KEY_GOOD: *blob is
 * its public half in SSH's wire format, which the caller frees.  *is_encrypted
 * is set in any case.
 */
enum ssh_key_verdict ssh_key_pem_read(const struct ssh_key_text *,
    const char *passphrase, bool *is_encrypted, struct ssh_blob *blob);

#endif
