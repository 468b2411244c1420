/* SPDX-License-Identifier: PostgreSQL */

/*
 * The words for each verdict on a private key.
 */
#include "key/ssh_key_verdict.h"

#include <assert.h>
#include <stddef.h>

static const char *const texts[] = {
	[SSH_KEY_GOOD] = "",
	[SSH_KEY_EMPTY] = "it is empty",
	[SSH_KEY_PUBLIC] = "it is a public key; "
			   "give the private key, the file without .pub",
	[SSH_KEY_PUTTY] = "it is in PuTTY format; convert it with "
			  "\"puttygen KEY.ppk -O private-openssh -o KEY\"",
	[SSH_KEY_DSA] = "it is a DSA key, which SSH servers no longer accept; "
			"use an Ed25519, ECDSA or RSA key",
	[SSH_KEY_UNSUPPORTED] = "keys of its type are not supported; "
				"use an Ed25519, ECDSA or RSA key",
	[SSH_KEY_NEEDS_PASSPHRASE] = "it is encrypted; "
				     "set private_key_passphrase",
	[SSH_KEY_WRONG_PASSPHRASE] = "private_key_passphrase does not open it",
	[SSH_KEY_BAD_CIPHER] = "it is encrypted with a cipher that cannot be "
			       "read safely; encrypt it anew with "
			       "\"ssh-keygen -p -Z aes256-ctr -f KEY\"",
	[SSH_KEY_OLD_CIPHER] =
	    "it is encrypted with an old or rare cipher; encrypt it "
	    "anew with \"openssl pkey -provider legacy "
	    "-provider default -in KEY -aes256 -out NEW\"",
	[SSH_KEY_BASE64] = "this is base64, of a key with its BEGIN line; "
			   "decode it, as \"base64 -d\" does",
	[SSH_KEY_SLOW] = "checking its passphrase would take longer than a "
			 "login may; encrypt it anew with "
			 "\"ssh-keygen -p -a 16 -f KEY\"",
	[SSH_KEY_TRUNCATED] = "it is cut off; give the whole text from its "
			      "BEGIN line to its END line",
	[SSH_KEY_CERTIFICATE] = "it is a certificate; give the private key",
	[SSH_KEY_DAMAGED] = "it is damaged; copy the key once more, unchanged",
	[SSH_KEY_UNKNOWN] =
	    "it is not a private key; give the text that begins "
	    "with \"-----BEGIN\", or its path in "
	    "private_key_file",
};

const char *
ssh_key_verdict_text(enum ssh_key_verdict verdict)
{
	assert(verdict < sizeof texts / sizeof *texts);
	assert(texts[verdict] != NULL);
	return texts[verdict];
}
