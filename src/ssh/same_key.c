/* SPDX-License-Identifier: PostgreSQL */

/*
 * libssh2 copies the host key in each key exchange, so a new copy has a new
 * address.  It forgets all copies but the last: one that it has forgotten
 * without freeing it is freed here.
 */
#include "ssh/same_key.h"

#include <stdio.h>
#include <string.h>

#include "key/base64.h"
#include "key/ssh_memory.h"
#include "ssh/algorithms.h"

static void
describe(const unsigned char *hash, char *words, size_t size)
{
	char text[BASE64_TEXT_SIZE(SSH_SAME_KEY_HASH_LEN)];
	size_t len = base64_encode(text, hash, SSH_SAME_KEY_HASH_LEN);

	snprintf(words, size,
	    "it showed another host key in a later key exchange, SHA256:%.*s",
	    (int)(len - 1), text); /* without its "=" */
}

bool
ssh_same_key_look(struct ssh_same_key *same, LIBSSH2_SESSION *session,
    struct ssh_memory *memory, char *words, size_t size)
{
	const char *copy = libssh2_session_hostkey(session, NULL, NULL);
	const char *hash;

	if (copy == same->copy)
		return true;
	ssh_memory_free(memory, (void *)same->copy, false);
	same->copy = copy;
	hash = libssh2_hostkey_hash(session, LIBSSH2_HOSTKEY_HASH_SHA256);
	if (copy == NULL)
		return true;
	if (hash == NULL) {
		snprintf(words, size, "its host key could not be hashed");
		return false;
	}
	if (!same->has_first) {
		memcpy(same->first, hash, sizeof same->first);
		ssh_algorithms_keep(session);
	}
	same->has_first = true;
	if (memcmp(same->first, hash, sizeof same->first) == 0)
		return true;
	describe((const unsigned char *)hash, words, size);
	return false;
}

void
ssh_same_key_freed(struct ssh_same_key *same, const void *block)
{
	if (block == same->copy)
		same->copy = NULL;
}
