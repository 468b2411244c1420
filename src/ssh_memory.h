/* SPDX-License-Identifier: PostgreSQL */

/*
 * Memory for libssh2 that leaves no copy of a secret behind.  Blocks are plain
 * malloc() pointers: libssh2 releases one kind of block (the public key of an
 * ECDSA key) with libc's free(), whatever allocator it was given.
 */
#ifndef PGJUMP_SSH_MEMORY_H
#define PGJUMP_SSH_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* As xrealloc() and free(); with `wipe` what is given up is wiped first. */
void *ssh_memory_realloc(void *block, size_t size, bool wipe);
void ssh_memory_free(void *block, bool wipe);

#endif
