/* SPDX-License-Identifier: PostgreSQL */

/* What a reload changes, in words. */
#ifndef PGJUMP_COMMAND_CHANGES_H
#define PGJUMP_COMMAND_CHANGES_H

#include <stddef.h>

struct config;
struct shared;

/* Room for the names of one kind; more of them are counted. */
#define CHANGES_NAMES_MAX 1000

/* Texts of names with a space in between; "": there is none. */
struct changes {
	char added[CHANGES_NAMES_MAX];
	char changed[CHANGES_NAMES_MAX];
	char removed[CHANGES_NAMES_MAX];
	char settings[CHANGES_NAMES_MAX]; /* global ones */
	size_t removed_count, kept_count;
};

/* What `next` (shared_new() of the one before) changes in `now`. */
void changes_find(struct changes *, const struct config *now,
    const struct shared *next);

/* One line of the log. */
void changes_log(const struct changes *, const char *file);

/* The same as a sentence, which the caller frees. */
char *changes_text(const struct changes *);

#endif
