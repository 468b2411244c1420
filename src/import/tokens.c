/* SPDX-License-Identifier: PostgreSQL */

/*
 * ssh prints such values as they were written.
 */
#include "import/tokens.h"

#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"

/* ssh takes both from the user database, not from $HOME and $USER. */
static const char *
home(void)
{
	const struct passwd *user = getpwuid(getuid());

	return user != NULL ? user->pw_dir : NULL;
}

static const char *
local_user(void)
{
	const struct passwd *user = getpwuid(getuid());

	return user != NULL ? user->pw_name : NULL;
}

/* The name of this machine, up to its first dot if `is_short`. */
static const char *
local_host(bool is_short)
{
	static char name[HOST_NAME_MAX + 1];

	if (gethostname(name, sizeof name) < 0)
		return NULL;
	if (is_short)
		name[strcspn(name, ".")] = '\0';
	return name;
}

static const char *
local_id(void)
{
	static char text[24];

	snprintf(text, sizeof text, "%u", (unsigned)getuid());
	return text;
}

/* What a token stands for; NULL: it is unknown. */
static const char *
look_up(char token, const struct import_tokens *tokens)
{
	switch (token) {
	case '%':
		return "%";
	case 'd':
		return home();
	case 'h':
		return tokens->host;
	case 'i':
		return local_id();
	case 'L':
		return local_host(true);
	case 'l':
		return local_host(false);
	case 'n':
		return tokens->alias;
	case 'p':
		return tokens->port;
	case 'r':
		return tokens->user;
	case 'u':
		return local_user();
	default:
		return NULL;
	}
}

/* The value of ${NAME}, which `from` points to, and its length there. */
static const char *
variable(const char *from, size_t *len)
{
	const char *end = strchr(from, '}');
	const char *value;
	char *name;

	if (end == NULL)
		return NULL;
	name = xstrndup(from + 2, (size_t)(end - from) - 2);
	value = getenv(name);
	free(name);
	*len = (size_t)(end - from) + 1;
	return value;
}

/* What stands at `from`, of `*len` bytes there; NULL: it is not known. */
static const char *
stand_in(const char *from, size_t *len, const struct import_tokens *tokens,
    char *plain)
{
	if (from[0] == '%') {
		*len = from[1] != '\0' ? 2 : 1;
		return look_up(from[1], tokens);
	}
	if (from[0] == '$' && from[1] == '{')
		return variable(from, len);
	*len = 1;
	plain[0] = from[0];
	plain[1] = '\0';
	return plain;
}

char *
import_tokens_expand(const char *value, const struct import_tokens *tokens)
{
	char *text = xstrdup(""), plain[2];
	size_t len;

	if (value[0] == '~' && value[1] == '/' && home() != NULL) {
		free(text);
		text = xstrdup(home());
		value++;
	}
	for (; *value != '\0'; value += len) {
		const char *part = stand_in(value, &len, tokens, plain);
		char *longer;

		if (part == NULL) {
			free(text);
			return NULL;
		}
		longer = xasprintf("%s%s", text, part);
		free(text);
		text = longer;
	}
	return text;
}
