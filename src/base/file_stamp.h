/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whether a file is still the one that was read: its inode, size and time.
 */
#ifndef PGJUMP_BASE_FILE_STAMP_H
#define PGJUMP_BASE_FILE_STAMP_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

struct file_stamp {
	struct timespec changed;
	ino_t inode;
	off_t size;
};

/* All zero where the path is NULL or leads nowhere. */
struct file_stamp file_stamp_of(const char *path);

bool file_stamp_equal(const struct file_stamp *, const struct file_stamp *);

#endif
