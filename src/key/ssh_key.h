/* SPDX-License-Identifier: PostgreSQL */

/*
 * Private key text, judged before libssh2 sees it.  libssh2 cannot tell a wrong
 * passphrase from a rejected key, decrypts twice without a public key, and
 * reads out of bounds on chacha20-encrypted files (1.11.1).  Pure: text in,
 * verdict out.
 */
#ifndef PGJUMP_KEY_SSH_KEY_H
#define PGJUMP_KEY_SSH_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "key/ssh_key_verdict.h"
#include "key/ssh_wire.h"

struct ssh_key {
	char *text;          /* repaired private key text; wiped when freed */
	char *public_line;   /* "ssh-ed25519 AAAA...", no comment */
	unsigned char *blob; /* the public key in wire format (RFC 4253, 6.6) */
	size_t blob_len;
	const char *type; /* "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256" */
	char fingerprint[64]; /* "SHA256:..." */
	char comment[128];    /* as it is in the file; "": none */
	bool is_encrypted;
};

/*
 * Judge `text`, after repairing what pasting does to it: literal \n, CRLF, no
 * final newline, indentation.  It reads OpenSSH, PKCS#1, PKCS#8 and SEC1; RSA,
 * Ed25519 and ECDSA.  `passphrase` may be NULL.  On SSH_KEY_GOOD key and
 * passphrase are proved by decryption (bcrypt: up to about a second of CPU
 * time), and *key is filled; the caller releases it with ssh_key_clear().
 */
enum ssh_key_verdict ssh_key_judge(const char *text, const char *passphrase,
    struct ssh_key *key);

/*
 * The public half of a private key in wire format, as far as it can be read
 * without a passphrase; the caller frees out->bytes.  False: *out is empty.
 */
bool ssh_key_public_half(const char *text, struct ssh_blob *out);

/*
 * Read a public key line ("TYPE BASE64 [COMMENT]"), as in authorized_keys and
 * .pub files, -cert.pub among them.  Fills blob, type, fingerprint and
 * public_line.  False: it is not such a line.
 */
bool ssh_key_read_public(const char *text, struct ssh_key *key);

/* Whether this is such a line. */
bool ssh_key_is_public(const char *text);

void ssh_key_clear(struct ssh_key *);

/*
 * The type of a public key or certificate that can log in; NULL for any other.
 */
const char *ssh_key_type(const unsigned char *blob, size_t len);

/*
 * The length of an RSA key in bits (RFC 4253, 6.6: e, then n); 0 for any other.
 */
unsigned ssh_key_rsa_bits(const unsigned char *blob, size_t len);

/*
 * "SHA256:" and the unpadded base64 of a key blob's SHA-256.  For a certificate
 * it is that of its key, as OpenSSH shows it.
 */
void ssh_key_fingerprint(const unsigned char *blob, size_t len, char out[64]);

#endif
