/* SPDX-License-Identifier: PostgreSQL */

/*
 * The lists, and why each is in this order.  libssh2 drops names that it does
 * not know.
 */
#include "ssh/algorithms.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "key/ssh_certificate.h"

/*
 * A stock libssh2 hands OpenSSL 16 bytes a call, so that its own chacha20 is
 * cheapest: 2.9 CPU-seconds per gigabyte, against 3.7 for AES-GCM.  With the
 * patches of contrib/libssh2 it hands over whole packets, and aes128-gcm costs
 * 0.7.
 *
 * Without AES instructions aes128-gcm costs 3.7 again (8.0 before SSSE3).  We
 * do not test for them: that takes code for each processor and saves a third on
 * the few hosts without, whose jump box may have them.  Where neither side has
 * them, set Ciphers in sshd_config.
 */
#ifdef LIBSSH2_FEATURE_CIPHER_RUNS
#define CIPHERS                                          \
	"aes128-gcm@openssh.com,aes256-gcm@openssh.com," \
	"chacha20-poly1305@openssh.com,aes128-ctr,aes256-ctr"
#else
#define CIPHERS                                                 \
	"chacha20-poly1305@openssh.com,aes128-gcm@openssh.com," \
	"aes256-gcm@openssh.com,aes128-ctr,aes256-ctr"
#endif

/*
 * Nothing with SHA-1, CBC or DSA is offered, and no key exchange group whose
 * arithmetic would block a loop for 14 to 100 ms.  libssh2 adds ext-info-c and
 * the marker for strict key exchange itself.
 */
static const struct {
	int method;
	const char *list;
} algorithms[] = {
	{ LIBSSH2_METHOD_KEX,
	    "curve25519-sha256,curve25519-sha256@libssh.org,"
	    "ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,"
	    "diffie-hellman-group14-sha256" },
	{ LIBSSH2_METHOD_HOSTKEY,
	    "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,"
	    "ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256" },
	{ LIBSSH2_METHOD_CRYPT_CS, CIPHERS },
	{ LIBSSH2_METHOD_CRYPT_SC, CIPHERS },
	{ LIBSSH2_METHOD_MAC_CS,
	    "hmac-sha2-256-etm@openssh.com,hmac-sha2-256,"
	    "hmac-sha2-512-etm@openssh.com,hmac-sha2-512" },
	{ LIBSSH2_METHOD_MAC_SC,
	    "hmac-sha2-256-etm@openssh.com,hmac-sha2-256,"
	    "hmac-sha2-512-etm@openssh.com,hmac-sha2-512" },
	{ LIBSSH2_METHOD_SIGN_ALGO, SSH_ALGORITHMS_SIGNATURES },
};

/* SSH_CERTIFICATE_SUFFIX is behind each name; RSA has two. */
#define CERTIFIED(name) name SSH_CERTIFICATE_SUFFIX

const struct ssh_algorithms_hostkey
    ssh_algorithms_hostkeys[SSH_ALGORITHMS_HOSTKEYS] = {
	    { "ssh-ed25519", "ssh-ed25519", CERTIFIED("ssh-ed25519") },
	    { "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256",
		CERTIFIED("ecdsa-sha2-nistp256") },
	    { "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384",
		CERTIFIED("ecdsa-sha2-nistp384") },
	    { "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521",
		CERTIFIED("ecdsa-sha2-nistp521") },
	    { "ssh-rsa", "rsa-sha2-512,rsa-sha2-256",
		CERTIFIED("rsa-sha2-512") "," CERTIFIED("rsa-sha2-256") },
    };

#ifdef LIBSSH2_FEATURE_HOST_CERTIFICATES
const bool ssh_algorithms_has_certificates = true;
#else
const bool ssh_algorithms_has_certificates = false;
#endif

void
ssh_algorithms_offer(LIBSSH2_SESSION *session)
{
	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
		int rc = libssh2_session_method_pref(session,
		    algorithms[i].method, algorithms[i].list);

		assert(rc == 0);
	}
}

void
ssh_algorithms_keep(LIBSSH2_SESSION *session)
{
	static const int methods[] = { LIBSSH2_METHOD_CRYPT_CS,
		LIBSSH2_METHOD_CRYPT_SC, LIBSSH2_METHOD_MAC_CS,
		LIBSSH2_METHOD_MAC_SC };

	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		const char *name = libssh2_session_methods(session, methods[i]);

		/* This name stands for no MAC: the cipher has its own. */
		if (name != NULL && strcmp(name, "INTEGRATED-AES-GCM") != 0)
			libssh2_session_method_pref(session, methods[i], name);
	}
}
