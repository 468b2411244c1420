/* SPDX-License-Identifier: PostgreSQL */

/*
 * A secret as the configuration gives it: the text itself, or the path of a
 * file that is read each time the secret is needed.  Texts are wiped before
 * their memory is released, and nothing here logs.
 */
#ifndef PGJUMP_BASE_SECRET_H
#define PGJUMP_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* At most one of the first two is set. */
struct secret {
	char *text;
	char *path;
	char *reference; /* "${NAME}" if the text came from there; or NULL */
};

/* Several secrets of one kind, in order. */
struct secrets {
	struct secret *list;
	size_t count;
};

/*
 * Shown in the place of a secret.  In a configuration file it means that the
 * secret is missing.
 */
#define SECRET_REDACTED "<redacted>"

/* Whether there is a text or a path. */
bool secret_is_set(const struct secret *);

/* Whether the text is SECRET_REDACTED. */
bool secret_is_redacted(const struct secret *);

/* A copy, for the caller to clear. */
struct secret secret_copy(const struct secret *);

/* Whether both have the same text or the same path, or nothing. */
bool secret_equal(const struct secret *, const struct secret *);

/*
 * The secret's text without the line end that an editor adds to a file; the
 * caller releases it with secret_free().  NULL if it is not set (`error` is "")
 * or if its file cannot be read (`error` says which file and why).  A file that
 * is over 1 MB, has a NUL byte or is no regular file is an error.
 */
char *secret_load(const struct secret *, char *error, size_t size);

/* Wipe and release a text; NULL is fine. */
void secret_free(char *text);

/* Overwrite memory that held a secret; no optimiser leaves this out. */
void secret_wipe(void *bytes, size_t len);

/* Wipe and release everything that a struct secret holds. */
void secret_clear(struct secret *);

/* A further secret, zeroed, at the end. */
struct secret *secret_append(struct secrets *);

/* The same as secret_equal() and secret_clear(), for all of them. */
bool secret_all_equal(const struct secrets *, const struct secrets *);
void secret_clear_all(struct secrets *);

#endif
