/* SPDX-License-Identifier: PostgreSQL */

/*
 * Keys that OpenSSL reads, without their armour: the first byte says which one
 * they wore.  Nothing is tried on an encrypted PKCS#8 key, whose derivation
 * would take the fuzzer's time: its cipher and cost are judged.  OpenSSL's
 * queue of errors, which TLS looks at, is empty afterwards.
 */
#include "fuzz.h"

#include <assert.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "key/base64.h"
#include "key/ssh_key_pem.h"

/* Named as their first bytes in the corpus. */
static const struct armour {
	char kind;
	const char *label;
	enum ssh_key_format format;
	const char *dek_info;
} armours[] = {
	{ 'p', "PRIVATE KEY", SSH_KEY_FORMAT_PEM, "" },
	{ 'e', "ENCRYPTED PRIVATE KEY", SSH_KEY_FORMAT_PKCS8_ENCRYPTED, "" },
	{ 'r', "RSA PRIVATE KEY", SSH_KEY_FORMAT_PEM, "" },
	{ 'c', "EC PRIVATE KEY", SSH_KEY_FORMAT_PEM, "" },
	{ 'a', "EC PRIVATE KEY", SSH_KEY_FORMAT_PEM,
	    "AES-128-CBC,00112233445566778899AABBCCDDEEFF" },
	{ 'd', "RSA PRIVATE KEY", SSH_KEY_FORMAT_PEM,
	    "DES-EDE3-CBC,0011223344556677" },
	{ 'x', "RSA PRIVATE KEY", SSH_KEY_FORMAT_PEM, "RC2-64-CBC,00" },
};

static const struct armour *
armour_of(char kind)
{
	for (size_t i = 0; i < sizeof armours / sizeof *armours; i++)
		if (armours[i].kind == kind)
			return &armours[i];
	return NULL;
}

/* As ssh_key_text.c would have left it. */
static struct ssh_key_text
dress(const struct armour *armour, const uint8_t *body, size_t len)
{
	struct ssh_key_text key = { .format = armour->format, .body_len = len };
	char *packed = xmalloc(BASE64_TEXT_SIZE(len)), *headers;

	key.body = xmalloc(len);
	memcpy(key.body, body, len);
	snprintf(key.dek_info, sizeof key.dek_info, "%s", armour->dek_info);
	headers = armour->dek_info[0] == '\0'
	    ? xstrdup("")
	    : xasprintf("Proc-Type: 4,ENCRYPTED\nDEK-Info: %s\n\n",
		  armour->dek_info);
	base64_encode(packed, body, len);
	key.text = xasprintf("-----BEGIN %s-----\n%s%s\n-----END %s-----\n",
	    armour->label, headers, packed, armour->label);
	free(headers);
	free(packed);
	return key;
}

static void
judge(const struct ssh_key_text *key, const char *passphrase)
{
	struct ssh_blob blob = { 0 };
	struct ssh_wire wire, type;
	enum ssh_key_verdict verdict;
	bool encrypted;

	verdict = ssh_key_pem_read(key, passphrase, &encrypted, &blob);
	assert(ERR_peek_error() == 0);
	assert(ssh_key_verdict_text(verdict) != NULL);
	if (verdict == SSH_KEY_GOOD) {
		wire = (struct ssh_wire){ blob.bytes, blob.len };
		assert(ssh_wire_string(&wire, &type) && type.left > 0);
		assert(!encrypted || passphrase != NULL);
	}
	if (!encrypted)
		assert(verdict != SSH_KEY_NEEDS_PASSPHRASE &&
		    verdict != SSH_KEY_WRONG_PASSPHRASE);
	free(blob.bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct armour *armour = len > 1 ? armour_of((char)data[0]) : NULL;
	struct ssh_key_text key;

	if (armour == NULL)
		return 0;
	key = dress(armour, data + 1, len - 1);
	judge(&key, NULL);
	if (armour->format == SSH_KEY_FORMAT_PEM)
		judge(&key, "test passphrase");
	ssh_key_text_clear(&key);
	return 0;
}
