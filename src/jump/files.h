/* SPDX-License-Identifier: PostgreSQL */

/*
 * The files that hold a jump box's credentials and host keys: have they changed
 * since they were read?  One mutex; any thread.
 */
#ifndef PGJUMP_JUMP_FILES_H
#define PGJUMP_JUMP_FILES_H

#include <stdbool.h>

struct config_jump;
struct jump_files;

/* The files of a jump box, whose configuration may go away. */
struct jump_files *jump_files_new(const struct config_jump *);
void jump_files_free(struct jump_files *); /* NULL is fine */

/*
 * The next two look at the files as they are now, and remember that.  They call
 * stat(), so never call them under a mutex.
 */
void jump_files_remember(struct jump_files *);

/* Whether one has changed since the last look. */
bool jump_files_have_changed(struct jump_files *);

#endif
