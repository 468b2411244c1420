/* SPDX-License-Identifier: PostgreSQL */

/*
 * The environment of a command: ours, without what leads to another database,
 * and with what leads to this one.
 */
#ifndef PGJUMP_COMMAND_CHILD_ENVIRONMENT_H
#define PGJUMP_COMMAND_CHILD_ENVIRONMENT_H

#include <stdbool.h>

/* A list of "NAME=value", which NULL ends, as execve(2) wants it. */
struct child_environment {
	char **list;
};

/* A copy of `list`, taken before pgjump changes its own. */
struct child_environment *child_environment_new(char *const *list);
struct child_environment *child_environment_copy(
    const struct child_environment *);

/* Wipes every value, since some are passwords. */
void child_environment_free(struct child_environment *);

void child_environment_set(struct child_environment *, const char *name,
    const char *value);
void child_environment_remove(struct child_environment *, const char *name);

#endif
