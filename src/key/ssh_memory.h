/* SPDX-License-Identifier: PostgreSQL */

/*
 * Memory for libssh2, of one session: counted, so that what a peer makes
 * libssh2 hold can be bounded; wiped, where it may have held a secret; and
 * freed in the end, also what libssh2 has forgotten.  Blocks are plain malloc()
 * pointers: libssh2 releases one kind of block (the public key of an ECDSA key)
 * with libc's free(), whatever allocator it was given.
 */
#ifndef PGJUMP_KEY_SSH_MEMORY_H
#define PGJUMP_KEY_SSH_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

/* Zeroed at first. */
struct ssh_memory {
	size_t held;        /* bytes, and what malloc() needs for each block */
	size_t blocks;      /* how many */
	bool may_libc_free; /* new blocks may be released by libc's free() */
	LIST_HEAD(, ssh_memory_tag) tags;
};

/*
 * As malloc(), realloc() and free(); with `is_secret` what is given up is wiped
 * first.
 */
void *ssh_memory_alloc(struct ssh_memory *, size_t size);
void *ssh_memory_realloc(struct ssh_memory *, void *block, size_t size,
    bool is_secret);
void ssh_memory_free(struct ssh_memory *, void *block, bool is_secret);

/* How many bytes of a block can be read: no fewer than were asked for. */
size_t ssh_memory_size(void *block);

/* Free what is left; no block of it is known to anybody. */
void ssh_memory_clear(struct ssh_memory *, bool is_secret);

#endif
