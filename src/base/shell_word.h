/* SPDX-License-Identifier: PostgreSQL */

/*
 * A text as one word of a POSIX shell, for commands that are printed to be
 * pasted.  It runs nothing.
 */
#ifndef PGJUMP_BASE_SHELL_WORD_H
#define PGJUMP_BASE_SHELL_WORD_H

/* Bare where nothing in it is special, else in single quotes; the caller frees
 * it. */
char *shell_word(const char *text);

#endif
