/* SPDX-License-Identifier: PostgreSQL */

/*
 * Where files are: the home directory, relative paths, the places in which a
 * configuration or a state is looked for.  Reads the environment, opens
 * nothing.
 */
#ifndef PGJUMP_CONFIG_PATH_H
#define PGJUMP_CONFIG_PATH_H

/*
 * A path as a configuration writes it: "~/" is the home directory, a relative
 * path begins at `dir` (NULL: the working directory).  The caller's; NULL when
 * it cannot be known, and *why says so.
 */
char *config_path_resolve(const char *dir, const char *text, const char **why);

/* The directory of a file's path, the caller's; NULL where it names none. */
char *config_path_dir(const char *path);

/*
 * $PGJUMP_CONFIG, or the first that exists of ./pgjump.yaml,
 * $XDG_CONFIG_HOME/pgjump/pgjump.yaml and the system's.  The caller's; NULL
 * when there is none.
 */
char *config_path_find_config(void);

/*
 * Where accept-new remembers host keys: $STATE_DIRECTORY/known_hosts, else
 * $XDG_STATE_HOME/pgjump/known_hosts, else that in ~/.local/state.  The
 * caller's; NULL when no directory is known.
 */
char *config_path_accept_new(void);

#endif
