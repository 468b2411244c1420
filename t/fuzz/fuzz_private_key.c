/* SPDX-License-Identifier: PostgreSQL */
/*
 * Private key text; and what the text holds, which base64 would hide from the
 * fuzzer: an input that begins like a container or like DER is put into its
 * armour here.  A passphrase is given only where trying it costs nothing: the
 * fuzzer must not spend its time in key derivations.  A key that was found good
 * stays the same key when its repaired text is read again.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "key/base64.h"
#include "key/ssh_key.h"
#include "key/ssh_key_text.h"

static bool
trying_is_cheap(const char *text)
{
	struct ssh_key_text repaired;
	bool cheap;

	if (ssh_key_text_repair(text, &repaired) != SSH_KEY_GOOD)
		return true;
	cheap = repaired.format == SSH_KEY_FORMAT_PEM;
	ssh_key_text_clear(&repaired);
	return cheap;
}

static void
judge(const char *text, const char *passphrase)
{
	struct ssh_key key, again;
	enum ssh_key_verdict verdict;

	verdict = ssh_key_judge(text, passphrase, &key);
	if (verdict == SSH_KEY_GOOD) {
		verdict = ssh_key_judge(key.text, passphrase, &again);
		assert(verdict == SSH_KEY_GOOD);
		assert(strcmp(key.text, again.text) == 0);
		assert(strcmp(key.public_line, again.public_line) == 0);
		ssh_key_clear(&again);
		ssh_key_clear(&key);
	}
	ssh_key_verdict_text(verdict);
}

/* The text to judge; the caller frees it. */
static char *
text_of(const uint8_t *data, size_t len)
{
	static const char magic[] = "openssh-key-v1";
	const char *label = NULL;
	char *packed, *text;

	if (len > sizeof magic && memcmp(data, magic, sizeof magic) == 0)
		label = "OPENSSH PRIVATE KEY";
	else if (len > 0 && data[0] == 0x30)
		label = "PRIVATE KEY";
	if (label == NULL) {
		text = xcalloc(len + 1, 1);
		memcpy(text, data, len);
		return text;
	}
	packed = xmalloc(BASE64_TEXT_SIZE(len));
	base64_encode(packed, data, len);
	text = xasprintf("-----BEGIN %s-----\n%s\n-----END %s-----\n", label,
	    packed, label);
	free(packed);
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = text_of(data, len);
	struct ssh_key key;

	judge(text, NULL);
	if (trying_is_cheap(text))
		judge(text, "test passphrase");
	if (ssh_key_read_public(text, &key))
		ssh_key_clear(&key);
	free(text);
	return 0;
}
