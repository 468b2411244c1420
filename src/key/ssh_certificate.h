/* SPDX-License-Identifier: PostgreSQL */

/*
 * Certificates of OpenSSH (its PROTOCOL.certkeys) as far as a client looks into
 * one: whose key it certifies, and what it permits.  Pure, and trusts no
 * length.  Keys and certificates are in wire format (RFC 4253, 6.6).
 */
#ifndef PGJUMP_KEY_SSH_CERTIFICATE_H
#define PGJUMP_KEY_SSH_CERTIFICATE_H

#include <stdbool.h>

#include "key/ssh_wire.h"

/* What a certificate adds to the name of its key's type. */
#define SSH_CERTIFICATE_SUFFIX "-cert-v01@openssh.com"

/*
 * The key that it certifies, for free(out->bytes).  False: it is no certificate
 * of a type that is known (Ed25519, ECDSA, RSA), and *out holds nothing.
 */
bool ssh_certificate_key(struct ssh_wire certificate, struct ssh_blob *out);

/* Whether `certificate` is one, and certifies this key. */
bool ssh_certificate_is_of(struct ssh_wire certificate, struct ssh_wire key);

/*
 * Whether it has this extension, "permit-port-forwarding" for one.  False also
 * where it cannot be read.
 */
bool ssh_certificate_permits(struct ssh_wire certificate,
    const char *extension);

#endif
