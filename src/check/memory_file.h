/* SPDX-License-Identifier: PostgreSQL */

/*
 * A text as a file which is on no disk and has no name in any directory, for
 * libraries that read secrets from a path only.
 */
#ifndef PGJUMP_CHECK_MEMORY_FILE_H
#define PGJUMP_CHECK_MEMORY_FILE_H

/* Room for the path of one. */
#define MEMORY_FILE_PATH_MAX 32

/*
 * A descriptor, the caller's, whose close() makes the file vanish; the path
 * is good in this process until then.  Only its user may read it (0600).  -1
 * with errno where the system has none left.
 */
int memory_file_open(const char *text, char path[MEMORY_FILE_PATH_MAX]);

#endif
