/* SPDX-License-Identifier: PostgreSQL */

/*
 * A list that grows by one.  A program without names twice would do with
 * setenv(3), but that leaves copies of passwords behind.
 */
#include "command/child_environment.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/xmalloc.h"

static size_t
count_of(char *const *list)
{
	size_t count = 0;

	while (list[count] != NULL)
		count++;
	return count;
}

struct child_environment *
child_environment_new(char *const *list)
{
	struct child_environment *copy = xcalloc(1, sizeof *copy);
	size_t count = count_of(list);

	copy->list = xcalloc(count + 1, sizeof *copy->list);
	for (size_t i = 0; i < count; i++)
		copy->list[i] = xstrdup(list[i]);
	return copy;
}

struct child_environment *
child_environment_copy(const struct child_environment *environment)
{
	return child_environment_new(environment->list);
}

void
child_environment_free(struct child_environment *environment)
{
	if (environment == NULL)
		return;
	for (char **at = environment->list; *at != NULL; at++)
		secret_free(*at);
	free(environment->list);
	free(environment);
}

static bool
is_of(const char *variable, const char *name)
{
	size_t len = strlen(name);

	return strncmp(variable, name, len) == 0 && variable[len] == '=';
}

void
child_environment_remove(struct child_environment *environment,
    const char *name)
{
	char **to = environment->list;

	for (char **from = to; *from != NULL; from++)
		if (is_of(*from, name))
			secret_free(*from);
		else
			*to++ = *from;
	*to = NULL;
}

void
child_environment_set(struct child_environment *environment, const char *name,
    const char *value)
{
	size_t count;

	child_environment_remove(environment, name);
	count = count_of(environment->list);
	environment->list = xreallocarray(environment->list, count + 2,
	    sizeof *environment->list);
	environment->list[count] = xasprintf("%s=%s", name, value);
	environment->list[count + 1] = NULL;
}
