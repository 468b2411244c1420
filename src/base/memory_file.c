/* SPDX-License-Identifier: PostgreSQL */

/*
 * memfd_create(2) and the path that proc(5) gives to its descriptor.
 */
#include "base/memory_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int
write_all(int fd, const char *text)
{
	size_t left = strlen(text);
	ssize_t taken;

	while (left > 0) {
		taken = write(fd, text, left);
		if (taken < 0 && errno != EINTR)
			return -1;
		if (taken > 0) {
			text += taken;
			left -= (size_t)taken;
		}
	}
	return 0;
}

int
memory_file_open(const char *text, char path[MEMORY_FILE_PATH_MAX])
{
	int fd = memfd_create("pgjump", MFD_CLOEXEC), error;

	if (fd < 0)
		return -1;
	snprintf(path, MEMORY_FILE_PATH_MAX, "/proc/self/fd/%d", fd);
	if (fchmod(fd, 0600) == 0 && write_all(fd, text) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}
