/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whether a file has changed since it was read, judged by its inode, size and
 * time of change.
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

/* All zero if the path is NULL or names no file. */
struct file_stamp file_stamp_of(const char *path);

bool file_stamp_equal(const struct file_stamp *, const struct file_stamp *);

#endif
