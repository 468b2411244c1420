/* SPDX-License-Identifier: PostgreSQL */

/*
 * What pgjump offers in a key exchange, and in which order.
 */
#ifndef PGJUMP_SSH_ALGORITHMS_H
#define PGJUMP_SSH_ALGORITHMS_H

#include <libssh2.h>
#include <stdbool.h>

/*
 * Signatures for RSA keys in a login; the first that the jump box accepts is
 * used.
 */
#define SSH_ALGORITHMS_SIGNATURES "rsa-sha2-512,rsa-sha2-256"

/*
 * A type of host key: its name in known_hosts files, and in a key exchange the
 * names of the key and of a certificate of it.
 */
struct ssh_algorithms_hostkey {
	const char *type, *algorithms, *certified;
};

#define SSH_ALGORITHMS_HOSTKEYS 5

/* In order of preference. */
extern const struct ssh_algorithms_hostkey
    ssh_algorithms_hostkeys[SSH_ALGORITHMS_HOSTKEYS];

/*
 * Whether this libssh2 can verify a key exchange that is signed by a certified
 * host key, which is then worth asking for (contrib/libssh2/README).
 */
extern const bool ssh_algorithms_has_certificates;

/* Call this for each new session. */
void ssh_algorithms_offer(LIBSSH2_SESSION *);

/*
 * Offer only the agreed ciphers and MACs from now on.  If a later key exchange
 * agreed on others, libssh2 1.11.1 would use them at once, with the keys and
 * state of the old ones, and break.
 */
void ssh_algorithms_keep(LIBSSH2_SESSION *);

#endif
