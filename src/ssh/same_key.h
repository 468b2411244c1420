/* SPDX-License-Identifier: PostgreSQL */

/*
 * A host key is judged once, after the first key exchange of a session: each
 * later one must show the same, which libssh2 does not look at, and must use
 * the same algorithms (ssh/algorithms.h).
 */
#ifndef PGJUMP_SSH_SAME_KEY_H
#define PGJUMP_SSH_SAME_KEY_H

#include <libssh2.h>
#include <stdbool.h>
#include <stddef.h>

#define SSH_SAME_KEY_HASH_LEN 32 /* of SHA-256 */

struct ssh_memory;

/* Zeroed at first. */
struct ssh_same_key {
	const char *copy; /* libssh2's, while it is not freed */
	unsigned char first[SSH_SAME_KEY_HASH_LEN];
	bool has_first;
};

/*
 * Look at the host key of the session.  False, once: it is another than before;
 * then `words` tell so.  Before our side sends SSH_MSG_NEWKEYS (RFC 4253, 7.3)
 * the key is there to be seen, so that no new key need be taken into use.
 */
bool ssh_same_key_look(struct ssh_same_key *, LIBSSH2_SESSION *,
    struct ssh_memory *, char *words, size_t size);

/* The session frees this block. */
void ssh_same_key_freed(struct ssh_same_key *, const void *block);

#endif
