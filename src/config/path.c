/* SPDX-License-Identifier: PostgreSQL */

/*
 * The variables are those of the XDG base directory specification and of
 * systemd.exec(5).  None of them needs to be set.
 */
#include "config/path.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/utf8.h"
#include "base/xmalloc.h"

/* The value of a variable if it is an absolute path, else NULL. */
static const char *
directory_variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] == '/' ? value : NULL;
}

/* The home directory, which the caller frees; NULL: the user has none. */
static char *
home(void)
{
	const char *value = directory_variable("HOME");
	struct passwd entry, *found = NULL;
	char buf[4096];

	if (value != NULL)
		return xstrdup(value);
	if (getpwuid_r(getuid(), &entry, buf, sizeof buf, &found) != 0 ||
	    found == NULL || found->pw_dir[0] != '/')
		return NULL;
	return xstrdup(found->pw_dir);
}

/*
 * "$VARIABLE/rest", else "~/fallback/rest"; NULL: there is no home directory.
 */
static char *
xdg_path(const char *variable, const char *fallback, const char *rest)
{
	const char *value = directory_variable(variable);
	char *dir, *path;

	if (value != NULL)
		return xasprintf("%s/%s", value, rest);
	dir = home();
	if (dir == NULL)
		return NULL;
	path = xasprintf("%s/%s/%s", dir, fallback, rest);
	free(dir);
	return path;
}

/* The path of one of the service's credentials; NULL, and *why. */
static char *
credential_path(const char *name, const char **why)
{
	const char *dir = directory_variable("CREDENTIALS_DIRECTORY");

	if (dir != NULL)
		return xasprintf("%s/%s", dir, name);
	*why = "CREDENTIALS_DIRECTORY is not set: systemd sets it for a "
	       "service with LoadCredential=";
	return NULL;
}

char *
config_path_resolve(const char *dir, const char *text, const char **why)
{
	char *from, *path;

	if (!utf8_is_legible_text(text)) {
		*why = "a path must be UTF-8 without control characters";
		return NULL;
	}
	if (strncmp(text, CONFIG_CREDENTIALS_PREFIX,
		strlen(CONFIG_CREDENTIALS_PREFIX)) == 0)
		return credential_path(text + strlen(CONFIG_CREDENTIALS_PREFIX),
		    why);
	if (text[0] == '~' && text[1] != '/') {
		*why = "only ~/ stands for a home directory";
		return NULL;
	}
	if (text[0] == '~') {
		from = home();
		if (from == NULL) {
			*why = "there is no home directory for ~/";
			return NULL;
		}
		path = xasprintf("%s%s", from, text + 1);
		free(from);
		return path;
	}
	if (text[0] == '/' || dir == NULL)
		return xstrdup(text);
	if (strcmp(dir, CONFIG_PATH_NOWHERE) == 0) {
		*why = "a path must be absolute here, because this document is "
		       "in no directory";
		return NULL;
	}
	return xasprintf("%s/%s", dir, text);
}

char *
config_path_dir(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return NULL;
	return slash == path ? xstrdup("/")
			     : xstrndup(path, (size_t)(slash - path));
}

/* The first of three files that exists; NULL: none, or `stem` is NULL. */
static char *
find_with_suffix(const char *stem)
{
	static const char *const suffixes[] = { "yaml", "yml", "json" };

	for (size_t i = 0; stem != NULL && i < 3; i++) {
		char *path = xasprintf("%s.%s", stem, suffixes[i]);

		if (access(path, F_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

char *
config_path_find_config(void)
{
	const char *named = getenv("PGJUMP_CONFIG");
	char *own, *found;

	if (named != NULL && named[0] != '\0')
		return xstrdup(named);
	found = find_with_suffix("./pgjump");
	own = xdg_path("XDG_CONFIG_HOME", ".config", "pgjump/pgjump");
	if (found == NULL)
		found = find_with_suffix(own);
	if (found == NULL)
		found = find_with_suffix(SYSCONFDIR "/pgjump/pgjump");
	free(own);
	return found;
}

/*
 * A file in a directory that systemd names; NULL: it names none.  It may list
 * several, separated by colons; take the first.
 */
static char *
systemd_path(const char *variable, const char *name)
{
	const char *dirs = directory_variable(variable);

	return dirs != NULL
	    ? xasprintf("%.*s/%s", (int)strcspn(dirs, ":"), dirs, name)
	    : NULL;
}

void
config_path_complain(void)
{
	static const char message[] =
	    "there is no configuration file: none of ./pgjump.yaml, "
	    "$XDG_CONFIG_HOME/pgjump/pgjump.yaml and " SYSCONFDIR
	    "/pgjump/pgjump.yaml exists, nor with .yml or .json; name one with "
	    "-c FILE or $PGJUMP_CONFIG";

	if (log_is_for_programs())
		log_write(LOG_LEVEL_ERROR, message, &LOG_END);
	else
		fprintf(stderr, "pgjump: %s\n", message);
}

char *
config_path_accept_new(void)
{
	char *path = systemd_path("STATE_DIRECTORY", "known_hosts");

	if (path != NULL)
		return path;
	return xdg_path("XDG_STATE_HOME", ".local/state", "pgjump/known_hosts");
}

char *
config_path_admin_socket(void)
{
	char *path = systemd_path("RUNTIME_DIRECTORY", "admin.sock");
	const char *dir = directory_variable("XDG_RUNTIME_DIR");

	if (path == NULL && dir != NULL)
		path = xasprintf("%s/pgjump/admin.sock", dir);
	return path;
}
