/* SPDX-License-Identifier: PostgreSQL */
/*
 * Private key text.  A passphrase is given only where trying it costs nothing:
 * the fuzzer must not spend its time in key derivations.  A key that was found
 * good stays the same key when its repaired text is read again.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ssh_key.h"
#include "ssh_key_text.h"
#include "xmalloc.h"

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = xcalloc(len + 1, 1);
	struct ssh_key key;

	memcpy(text, data, len);
	judge(text, NULL);
	if (trying_is_cheap(text))
		judge(text, "test passphrase");
	if (ssh_key_read_public(text, &key))
		ssh_key_clear(&key);
	free(text);
	return 0;
}
