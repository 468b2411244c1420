/* SPDX-License-Identifier: PostgreSQL */

/*
 * Certificates of OpenSSH (its PROTOCOL.certkeys), as far as a client looks
 * into them: which key they certify, and what they permit.  Pure; trusts no
 * length. Keys and certificates are in wire format (RFC 4253, 6.6).
 */
#ifndef PGJUMP_KEY_SSH_CERTIFICATE_H
#define PGJUMP_KEY_SSH_CERTIFICATE_H

#include <stdbool.h>

#include "key/ssh_wire.h"

/* A certificate's type is that of its key with this suffix. */
#define SSH_CERTIFICATE_SUFFIX "-cert-v01@openssh.com"

/*
 * The key that is certified; the caller frees out->bytes.  False: it is not a
 * certificate of a known type (Ed25519, ECDSA, RSA), and *out is empty.
 */
bool ssh_certificate_key(struct ssh_wire certificate, struct ssh_blob *out);

/* Whether `certificate` is one, and certifies this key. */
bool ssh_certificate_is_of(struct ssh_wire certificate, struct ssh_wire key);

/*
 * Whether it has this extension, such as "permit-port-forwarding".  False also
 * if it cannot be read.
 */
bool ssh_certificate_permits(struct ssh_wire certificate,
    const char *extension);

#endif
