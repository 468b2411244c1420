/* SPDX-License-Identifier: PostgreSQL */

/*
 * A line is appended in one write, under a lock, after a look at what other
 * writers have added.
 */
#include "ssh/known_hosts_write.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "ssh/known_hosts.h"

/* Wait for another writer for two seconds at most. */
enum {
	LOCK_TRIES = 200,
	LOCK_PAUSE_MS = 10,
};

/* Make the directories above `file`.  If that fails, open() will say why. */
static void
make_parents(const char *file)
{
	char *path = xstrdup(file);

	for (char *slash = strchr(path + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	free(path);
}

static bool
ends_in_mid_line(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char last;

	return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

/*
 * Write all of the line at once or nothing: lines of several writers must not
 * mix, and half a key would contradict the whole one.
 */
static bool
write_line(int fd, const char *line)
{
	char *text = xasprintf("%s%s\n", ends_in_mid_line(fd) ? "\n" : "",
	    line);
	size_t len = strlen(text);
	ssize_t put;

	do
		put = write(fd, text, len);
	while (put < 0 && errno == EINTR);
	free(text);
	if (put >= 0 && (size_t)put < len &&
	    ftruncate(fd, lseek(fd, 0, SEEK_CUR) - put) == 0)
		errno = ENOSPC;
	return put == (ssize_t)len && fsync(fd) == 0;
}

/*
 * Wait a moment for another writer.  If one holds the lock for longer, go on
 * without it: at worst a line stands twice, which harms no reader.
 */
static void
lock(int fd)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
			return;
		poll(NULL, 0, LOCK_PAUSE_MS);
	}
}

/*
 * Write the line, unless the host has meanwhile got this key, or another one of
 * its type.
 */
static bool
write_new(int fd, const char *line, const struct known_hosts *hosts,
    const char *type, const unsigned char *blob, size_t blob_len)
{
	bool is_taken = false;

	for (size_t i = 0; i < hosts->count; i++) {
		const struct known_host *held = &hosts->lines[i];

		if (held->mark != KNOWN_HOST_KEY || held->is_bare ||
		    strcmp(held->type, type) != 0)
			continue;
		if (held->blob_len == blob_len &&
		    memcmp(held->blob, blob, blob_len) == 0)
			return true;
		is_taken = true;
	}
	if (!is_taken)
		return write_line(fd, line);
	errno = EEXIST;
	return false;
}

bool
known_hosts_write(const char *file, const char *host, unsigned port,
    const char *type, const unsigned char *blob, size_t blob_len)
{
	char *line = known_hosts_line(host, port, type, blob, blob_len);
	struct known_hosts hosts = { 0 };
	int fd = -1, error = EINVAL;
	bool is_written = false;

	if (line != NULL) {
		make_parents(file);
		fd = open(file, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
		error = errno;
	}
	if (fd >= 0) {
		lock(fd);
		is_written = known_hosts_read(&hosts, file, host, port) &&
		    write_new(fd, line, &hosts, type, blob, blob_len);
		error = errno;
		known_hosts_clear(&hosts);
		close(fd); /* and release the lock */
	}
	free(line);
	errno = error;
	return is_written;
}
