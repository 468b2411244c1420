/* SPDX-License-Identifier: PostgreSQL */

/*
 * The host key is judged once, after the first key exchange of a session.  Each
 * later key exchange must show the same key, which libssh2 does not check, and
 * use the same algorithms (ssh/algorithms.h).
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
	const char *copy; /* libssh2's copy, until it is freed */
	unsigned char first[SSH_SAME_KEY_HASH_LEN];
	bool has_first;
};

/*
 * Look at the host key of the session.  False: it differs from the first one,
 * and `words` says so.  The key is there before our side sends SSH_MSG_NEWKEYS
 * (RFC 4253, 7.3), so no keys proved by another host key come into use.
 */
bool ssh_same_key_look(struct ssh_same_key *, LIBSSH2_SESSION *,
    struct ssh_memory *, char *words, size_t size);

/* The session frees this block, which may be the copy. */
void ssh_same_key_freed(struct ssh_same_key *, const void *block);

#endif
