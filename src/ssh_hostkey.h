/* SPDX-License-Identifier: PostgreSQL */

/*
 * Is the host key of a jump box trusted, and by what: known_hosts files, pins,
 * accept-new or any.  Strict like `ssh` in batch mode.  Knows no networking:
 * it sees a session before and after its handshake.
 */
#ifndef PGJUMP_SSH_HOSTKEY_H
#define PGJUMP_SSH_HOSTKEY_H

#include <libssh2.h>

#include "failure.h"

struct config_jump;
struct ssh_hostkey;

/*
 * Before the handshake: read what is known of the jump box, and make the
 * session ask for the key types that are known, in the order ed25519, ecdsa,
 * rsa-sha2.  FAIL_HOSTKEY_UNREADABLE, FAIL_HOSTKEY_AUTHORITY or FAIL_NONE.
 * *out is released with ssh_hostkey_free() in any case.
 */
enum failure ssh_hostkey_prepare(const struct config_jump *, LIBSSH2_SESSION *,
    struct ssh_hostkey **out, struct fault *);

/*
 * After the handshake: the verdict on the key the jump box showed.  FAIL_NONE
 * when it is trusted (fault_note() then says by which line, pin or policy);
 * else HOSTKEY_UNKNOWN, _CHANGED, _PIN, _REVOKED, _AUTHORITY with the key's
 * type and fingerprint as words.  accept-new remembers the key here.
 */
enum failure ssh_hostkey_verify(struct ssh_hostkey *, LIBSSH2_SESSION *,
    struct fault *);

void ssh_hostkey_free(struct ssh_hostkey *); /* NULL is fine */

#endif
