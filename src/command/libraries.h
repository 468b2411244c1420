/* SPDX-License-Identifier: PostgreSQL */

/*
 * All foreign libraries at once: initialised before there are threads, released
 * when there are none left, and named with their versions.
 */
#ifndef PGJUMP_COMMAND_LIBRARIES_H
#define PGJUMP_COMMAND_LIBRARIES_H

#include <stdio.h>

/* Once each, from the main thread while it is the only one. */
void libraries_start(void);
void libraries_stop(void);

/* "libssh2 1.11.1, OpenSSL 3.0.19, ...": the versions at run time. */
void libraries_write(FILE *);

#endif
