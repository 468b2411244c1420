/* SPDX-License-Identifier: PostgreSQL */

/*
 * Where files are: below the home directory, at a relative path, in the places
 * where a configuration or a state is looked for.  Reads the environment and
 * opens no file.
 */
#ifndef PGJUMP_CONFIG_PATH_H
#define PGJUMP_CONFIG_PATH_H

/* The directory of a document that is in no file: no path is relative to it. */
#define CONFIG_PATH_NOWHERE ""

/* Before the name of a file that systemd's LoadCredential= has placed. */
#define CONFIG_CREDENTIALS_PREFIX "${CREDENTIALS_DIRECTORY}/"

/*
 * The path that a configuration means by `text`: "~/" is the home directory,
 * ${CREDENTIALS_DIRECTORY}/ is systemd's directory of credentials, and a
 * relative path begins at `dir` (NULL: the working directory).  The caller
 * frees it.  NULL if it cannot be known or may not be printed, and *why says
 * why.
 */
char *config_path_resolve(const char *dir, const char *text, const char **why);

/*
 * The directory in a file's path, which the caller frees; NULL: there is none.
 */
char *config_path_dir(const char *path);

/*
 * $PGJUMP_CONFIG, or the first that exists of ./pgjump.yaml,
 * $XDG_CONFIG_HOME/pgjump/pgjump.yaml and the system's, each also with the
 * endings .yml and .json.  The caller frees it.  NULL if none exists.
 */
char *config_path_find_config(void);

/* Say on stderr, or in the log, that none exists. */
void config_path_complain(void);

/*
 * Where accept-new remembers host keys: $STATE_DIRECTORY/known_hosts, else
 * $XDG_STATE_HOME/pgjump/known_hosts, else that in ~/.local/state.  The
 * caller frees it.  NULL if there is no home directory either.
 */
char *config_path_accept_new(void);

/*
 * Where the admin address is by default: $RUNTIME_DIRECTORY/admin.sock, else
 * $XDG_RUNTIME_DIR/pgjump/admin.sock.  The caller frees it.  NULL if neither is
 * set.
 */
char *config_path_admin_socket(void);

#endif
