/* SPDX-License-Identifier: PostgreSQL */

/*
 * A secret as the configuration gives it: the text itself, or the path of a
 * file which is read anew each time the secret is needed.  Texts are wiped
 * before their memory is released; nothing here logs.
 */
#ifndef PGJUMP_BASE_SECRET_H
#define PGJUMP_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* At most one of the first two is set. */
struct secret {
	char *text;
	char *path;
	char *reference; /* "${NAME}" where the text came from; or NULL */
};

/* What stands in the place of a secret where one is shown.  Read back, it is
 * a secret that is missing. */
#define SECRET_REDACTED "<redacted>"

bool secret_is_set(const struct secret *);

bool secret_is_redacted(const struct secret *);

/* The same text or the same path, or neither set. */
bool secret_equal(const struct secret *, const struct secret *);

/*
 * The secret's text, NUL-terminated, without the line end that an editor adds
 * to a file; the caller releases it with secret_free().  NULL where it is not
 * set (*error is "") or its file cannot be read: then `error` says which file
 * and why.  A file over 1 MB or with a NUL byte is an error.
 */
char *secret_load(const struct secret *, char *error, size_t size);

/* Wipe and release; NULL is fine. */
void secret_free(char *text);

/* Overwrite memory that held a secret, whatever the optimiser thinks. */
void secret_wipe(void *bytes, size_t len);

/* Release what a struct secret holds, wiped, and clear it. */
void secret_clear(struct secret *);

#endif
