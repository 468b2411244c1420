/* SPDX-License-Identifier: PostgreSQL */

/*
 * The verdicts on a text that should be a private key, and their words for its
 * owner.
 */
#ifndef PGJUMP_KEY_SSH_KEY_VERDICT_H
#define PGJUMP_KEY_SSH_KEY_VERDICT_H

enum ssh_key_verdict {
	SSH_KEY_GOOD,
	SSH_KEY_EMPTY,
	SSH_KEY_PUBLIC, /* a public key was given */
	SSH_KEY_PUTTY,  /* PuTTY-User-Key-File */
	SSH_KEY_DSA,
	SSH_KEY_UNSUPPORTED,      /* security keys, other types and curves */
	SSH_KEY_NEEDS_PASSPHRASE, /* encrypted, and none was given */
	SSH_KEY_WRONG_PASSPHRASE,
	SSH_KEY_OLD_CIPHER,  /* PEM, with a cipher that is old or rare */
	SSH_KEY_BASE64,      /* a key in base64, armour and all */
	SSH_KEY_BAD_CIPHER,  /* with a cipher that libssh2 cannot read safely */
	SSH_KEY_SLOW,        /* its passphrase takes too long to check */
	SSH_KEY_TRUNCATED,   /* begins like a key and does not end */
	SSH_KEY_CERTIFICATE, /* an X.509 or SSH certificate was given */
	SSH_KEY_DAMAGED,     /* begins like a key but cannot be decoded */
	SSH_KEY_UNKNOWN,     /* not a key at all */
};

/*
 * What is wrong and what to do about it: one clause, lower case, no period.  ""
 * for SSH_KEY_GOOD.
 */
const char *ssh_key_verdict_text(enum ssh_key_verdict);

#endif
