/* SPDX-License-Identifier: PostgreSQL */

/*
 * The memory of one libssh2 session.  It is counted, so that what a peer makes
 * libssh2 hold can be bounded; wiped where it may have held a secret; and freed
 * at the end, even blocks that libssh2 has forgotten.  Blocks are plain
 * malloc() pointers, since libssh2 releases one kind of block (the public key
 * of an ECDSA key) with libc's free(), whatever allocator it was given.
 */
#ifndef PGJUMP_KEY_SSH_MEMORY_H
#define PGJUMP_KEY_SSH_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

/* Zeroed at first. */
struct ssh_memory {
	size_t held;        /* bytes, with malloc()'s overhead */
	size_t blocks;      /* how many */
	bool may_libc_free; /* new blocks may be released by libc's free() */
	LIST_HEAD(, ssh_memory_tag) tags;
};

/*
 * Like malloc(), realloc() and free().  With `is_secret` the old block is wiped
 * first.
 */
void *ssh_memory_alloc(struct ssh_memory *, size_t size);
void *ssh_memory_realloc(struct ssh_memory *, void *block, size_t size,
    bool is_secret);
void ssh_memory_free(struct ssh_memory *, void *block, bool is_secret);

/* How many bytes of a block can be read; at least as many as were asked for. */
size_t ssh_memory_size(void *block);

/* Free all blocks that are left; no one may use them any more. */
void ssh_memory_clear(struct ssh_memory *, bool is_secret);

#endif
