/* SPDX-License-Identifier: PostgreSQL */

/*
 * What `ssh -G` prints: a line for each setting, a key in lower case, a blank,
 * and the value; a key may come several times (ssh(1), option -G).
 */
#ifndef PGJUMP_IMPORT_SETTINGS_H
#define PGJUMP_IMPORT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

struct import_setting {
	char *key, *value;
};

/* Zeroed, it is empty. */
struct import_settings {
	struct import_setting *list;
	size_t count;
};

/* Read what ssh printed, which is a text. */
void import_settings_read(struct import_settings *, const char *printed);
void import_settings_clear(struct import_settings *);

/*
 * The value of the first line with this key after `*at`, which then is behind
 * it; NULL: there is none.  Begin with 0.
 */
const char *import_settings_next(const struct import_settings *,
    const char *key, size_t *at);

/* The first value; NULL: there is none, or it is "none". */
const char *import_settings_get(const struct import_settings *,
    const char *key);

/* Whether both give this key the same values in the same order. */
bool import_settings_agree(const struct import_settings *,
    const struct import_settings *, const char *key);

#endif
