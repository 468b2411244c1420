/* SPDX-License-Identifier: PostgreSQL */

#include "base/file_stamp.h"

#include <sys/stat.h>

struct file_stamp
file_stamp_of(const char *path)
{
	struct stat status;

	if (path == NULL || stat(path, &status) != 0)
		return (struct file_stamp){ 0 };
	return (struct file_stamp){
		.changed = status.st_mtim,
		.inode = status.st_ino,
		.size = status.st_size,
	};
}

bool
file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->changed.tv_sec == b->changed.tv_sec &&
	    a->changed.tv_nsec == b->changed.tv_nsec && a->inode == b->inode &&
	    a->size == b->size;
}
