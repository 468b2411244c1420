/* SPDX-License-Identifier: PostgreSQL */

/*
 * A list of texts that grows.
 */
#ifndef PGJUMP_IMPORT_TEXTS_H
#define PGJUMP_IMPORT_TEXTS_H

#include <stddef.h>

/* Zeroed, it is empty. */
struct import_texts {
	char **items;
	size_t count;
};

/* Append a text, which the list owns from now on. */
void import_texts_take(struct import_texts *, char *take);

/* Append a text made as by printf(3). */
void import_texts_add(struct import_texts *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Append the words of a command line, as a shell would split them: at blanks,
 * except between quotes.  Nothing is expanded.
 */
void import_texts_split(struct import_texts *, const char *line);

void import_texts_clear(struct import_texts *);

#endif
