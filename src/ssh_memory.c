/* SPDX-License-Identifier: PostgreSQL */

/*
 * libssh2 wipes the secrets that it knows of, not the buffers which they pass
 * through.
 */
#include "ssh_memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "xmalloc.h"

void
ssh_memory_free(void *block, bool wipe)
{
	if (block != NULL && wipe)
		explicit_bzero(block, malloc_usable_size(block));
	free(block);
}

/* A block that moves leaves its old place wiped, which realloc() does not. */
void *
ssh_memory_realloc(void *block, size_t size, bool wipe)
{
	size_t old_size;
	void *moved;

	if (block == NULL || !wipe)
		return xrealloc(block, size);
	old_size = malloc_usable_size(block);
	moved = xmalloc(size);
	memcpy(moved, block, size < old_size ? size : old_size);
	ssh_memory_free(block, true);
	return moved;
}
