/* SPDX-License-Identifier: PostgreSQL */

/*
 * proc(5): /proc/net/tcp has the inode of each listening socket, and a link in
 * /proc/PID/fd names it.
 */
#include "command/port_holder.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/xmalloc.h"

#define TCP_LISTEN 0x0a

/* The inode of the socket that listens on this port; 0: none. */
static unsigned long
find_inode(const char *path, unsigned port)
{
	FILE *file = fopen(path, "re");
	unsigned long inode, found = 0;
	unsigned local, state;
	char line[512];

	while (file != NULL && found == 0 &&
	    fgets(line, sizeof line, file) != NULL)
		if (sscanf(line,
			"%*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*u "
			"%*u %lu",
			&local, &state, &inode) == 3 &&
		    local == port && state == TCP_LISTEN)
			found = inode;
	if (file != NULL)
		fclose(file);
	return found;
}

static bool
has_socket(const char *pid, unsigned long inode)
{
	char path[300], target[64], wanted[64];
	struct dirent *entry;
	bool found = false;
	ssize_t len;
	DIR *dir;

	snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
	snprintf(path, sizeof path, "/proc/%s/fd", pid);
	dir = opendir(path);
	while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
		len = readlinkat(dirfd(dir), entry->d_name, target,
		    sizeof target - 1);
		target[len > 0 ? len : 0] = '\0';
		found = strcmp(target, wanted) == 0;
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

static char *
describe(const char *pid)
{
	char path[300], name[32] = "", shown[32];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%s/comm", pid);
	file = fopen(path, "re");
	if (file == NULL || fgets(name, sizeof name, file) == NULL)
		name[0] = '\0';
	if (file != NULL)
		fclose(file);
	text_printable(shown, sizeof shown, name, strlen(name));
	return xasprintf("%s (pid %s)", shown[0] != '\0' ? shown : "a process",
	    pid);
}

char *
port_holder(unsigned port)
{
	unsigned long inode = find_inode("/proc/net/tcp", port);
	struct dirent *entry;
	char *holder = NULL;
	DIR *dir;

	if (inode == 0)
		inode = find_inode("/proc/net/tcp6", port);
	dir = inode != 0 ? opendir("/proc") : NULL;
	while (dir != NULL && holder == NULL && (entry = readdir(dir)) != NULL)
		if (strspn(entry->d_name, TEXT_DIGITS) ==
			strlen(entry->d_name) &&
		    has_socket(entry->d_name, inode))
			holder = describe(entry->d_name);
	if (dir != NULL)
		closedir(dir);
	return holder;
}
