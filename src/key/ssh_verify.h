/* SPDX-License-Identifier: PostgreSQL */

/*
 * Does a signature of SSH verify: that of an authority in a certificate, which
 * libssh2 leaves alone.  Pure; trusts no length.
 */
#ifndef PGJUMP_KEY_SSH_VERIFY_H
#define PGJUMP_KEY_SSH_VERIFY_H

#include "key/ssh_wire.h"

enum ssh_verdict {
	SSH_VERDICT_GOOD,
	SSH_VERDICT_WRONG, /* it is not of this key and these data */
	SSH_VERDICT_SHA1,  /* it was made with SHA-1, and was not looked at */
	SSH_VERDICT_TYPE,  /* keys of this type cannot be used */
};

/*
 * Verify `signature` (RFC 4253, 6.6; RFC 8332, 3; RFC 5656, 3.1.2; RFC 8709, 6)
 * of `data` by a public key: Ed25519, ECDSA with a curve of NIST, one of both
 * in a security key, or RSA of 1024 bits or more, with SHA-2.
 */
enum ssh_verdict ssh_verify(struct ssh_wire key, struct ssh_wire signature,
    struct ssh_wire data);

#endif
