/* SPDX-License-Identifier: PostgreSQL */

/*
 * libssh2 wipes the secrets it knows of, but not the buffers through which they
 * pass.  It also forgets some blocks, such as all but the last of what a peer
 * says twice.  So each block ends in a tag, behind the bytes that libssh2 asked
 * for:
 *
 *	| asked for | padding | tag |	<- malloc_usable_size()
 */
#include "key/ssh_memory.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

/* malloc() needs this much for each block. */
#define OVERHEAD 16

struct ssh_memory_tag {
	LIST_ENTRY(ssh_memory_tag) entry;
	void *block; /* NULL: in no list */
};

static struct ssh_memory_tag *
tag_of(void *block)
{
	return (struct ssh_memory_tag *)((char *)block +
	    malloc_usable_size(block) - sizeof(struct ssh_memory_tag));
}

void *
ssh_memory_alloc(struct ssh_memory *memory, size_t size)
{
	const size_t unit = _Alignof(struct ssh_memory_tag);
	struct ssh_memory_tag *tag;
	void *block;

	if (size > SIZE_MAX / 2)
		return NULL;
	block = xmalloc((size + unit - 1) / unit * unit + sizeof *tag);
	memory->held += malloc_usable_size(block) + OVERHEAD;
	memory->blocks++;
	tag = tag_of(block);
	tag->block = memory->may_libc_free ? NULL : block;
	if (!memory->may_libc_free)
		LIST_INSERT_HEAD(&memory->tags, tag, entry);
	return block;
}

void
ssh_memory_free(struct ssh_memory *memory, void *block, bool is_secret)
{
	if (block == NULL)
		return;
	memory->held -= malloc_usable_size(block) + OVERHEAD;
	memory->blocks--;
	if (tag_of(block)->block != NULL)
		LIST_REMOVE(tag_of(block), entry);
	if (is_secret)
		explicit_bzero(block, malloc_usable_size(block));
	free(block);
}

/* Unlike realloc(), wipe the old place of a block that moves. */
void *
ssh_memory_realloc(struct ssh_memory *memory, void *block, size_t size,
    bool is_secret)
{
	void *moved = ssh_memory_alloc(memory, size);
	size_t old_size;

	if (block == NULL || moved == NULL)
		return moved;
	old_size = ssh_memory_size(block);
	memcpy(moved, block, size < old_size ? size : old_size);
	ssh_memory_free(memory, block, is_secret);
	return moved;
}

size_t
ssh_memory_size(void *block)
{
	return malloc_usable_size(block) - sizeof(struct ssh_memory_tag);
}

void
ssh_memory_clear(struct ssh_memory *memory, bool is_secret)
{
	while (!LIST_EMPTY(&memory->tags))
		ssh_memory_free(memory, LIST_FIRST(&memory->tags)->block,
		    is_secret);
}
