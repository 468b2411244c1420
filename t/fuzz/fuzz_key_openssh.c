/* SPDX-License-Identifier: PostgreSQL */

/*
 * The key container of OpenSSH without armour, faster than fuzz_private_key
 * gets to it: what is found good lies within the container, and holds at the
 * same place when a byte is cut off or added.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "key/ssh_key_openssh.h"

static enum ssh_key_verdict
judge(const uint8_t *data, size_t len)
{
	struct ssh_key_openssh key;
	enum ssh_key_verdict verdict = ssh_key_openssh_read(data, len, &key);

	assert(ssh_key_verdict_text(verdict) != NULL);
	if (verdict != SSH_KEY_GOOD)
		return verdict;
	assert(key.blob.left > 0 && key.blob.at > data);
	assert(key.blob.at + key.blob.left < data + len);
	if (key.comment.left > 0)
		assert(!key.is_encrypted && key.comment.at > key.blob.at &&
		    key.comment.at + key.comment.left <= data + len);
	return verdict;
}

/* A block of exactly that size, so that a read past its end is noticed. */
static enum ssh_key_verdict
judge_resized(const uint8_t *data, size_t len, size_t new_len)
{
	uint8_t *bytes = xcalloc(new_len, 1);
	enum ssh_key_verdict verdict;

	memcpy(bytes, data, len < new_len ? len : new_len);
	verdict = judge(bytes, new_len);
	free(bytes);
	return verdict;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (judge(data, len) != SSH_KEY_GOOD)
		return 0;
	assert(judge_resized(data, len, len - 1) == SSH_KEY_TRUNCATED);
	assert(judge_resized(data, len, len + 1) == SSH_KEY_DAMAGED);
	return 0;
}
