/* SPDX-License-Identifier: PostgreSQL */

/*
 * Private key text as people paste it: recognised, repaired, and taken out of
 * its armour.  Looks at the armour only, never into the key.
 */
#ifndef PGJUMP_KEY_SSH_KEY_TEXT_H
#define PGJUMP_KEY_SSH_KEY_TEXT_H

#include <stddef.h>

#include "key/ssh_key_verdict.h"

enum ssh_key_format {
	SSH_KEY_FORMAT_OPENSSH, /* PROTOCOL.key of OpenSSH */
	SSH_KEY_FORMAT_PEM,     /* PKCS#1, SEC1, PKCS#8 */
	SSH_KEY_FORMAT_PKCS8_ENCRYPTED,
};

struct ssh_key_text {
	enum ssh_key_format format;
	char *text;          /* one key, as a tool would have written it */
	unsigned char *body; /* what the base64 holds */
	size_t body_len;
	char dek_info[80]; /* of an encrypted PKCS#1 or SEC1 key, or "" */
};

/*
 * Find the private key in `pasted` and repair it.  SSH_KEY_GOOD: release *out
 * with ssh_key_text_clear().  Any other verdict says what the text is instead,
 * and *out is empty.
 */
enum ssh_key_verdict ssh_key_text_repair(const char *pasted,
    struct ssh_key_text *out);

void ssh_key_text_clear(struct ssh_key_text *); /* wipes */

#endif
