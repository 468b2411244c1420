/* SPDX-License-Identifier: PostgreSQL */

/*
 * The files that hold a jump box's credentials and host keys, as they were
 * when they were last looked at.
 */
#ifndef PGJUMP_JUMP_FILES_H
#define PGJUMP_JUMP_FILES_H

#include <stdbool.h>

struct config_jump;
struct jump_files;

/* Look at them: calls stat(), so never under a mutex. */
struct jump_files *jump_files_look(const struct config_jump *);
void jump_files_free(struct jump_files *); /* NULL is fine */

/* Whether no file has changed between two looks at the same jump box. */
bool jump_files_are_equal(const struct jump_files *, const struct jump_files *);

#endif
