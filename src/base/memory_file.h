/* SPDX-License-Identifier: PostgreSQL */

/*
 * A text as a file that is on no disk and in no directory, for libraries that
 * read secrets from a path only.
 */
#ifndef PGJUMP_BASE_MEMORY_FILE_H
#define PGJUMP_BASE_MEMORY_FILE_H

/* Room for the path of one. */
#define MEMORY_FILE_PATH_MAX 32

/*
 * Returns a descriptor, the caller's; close() makes the file vanish.  Until
 * then the path is good in this process.  Only its user may read the file
 * (0600).  -1 with errno when the system refuses another one.
 */
int memory_file_open(const char *text, char path[MEMORY_FILE_PATH_MAX]);

#endif
