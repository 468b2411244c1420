/* SPDX-License-Identifier: PostgreSQL */

/*
 * A text written as one word of a POSIX shell, for commands that are printed to
 * be pasted.
 */
#ifndef PGJUMP_BASE_SHELL_WORD_H
#define PGJUMP_BASE_SHELL_WORD_H

/*
 * The text as it is if nothing in it is special, else in single quotes.  The
 * caller frees it.
 */
char *shell_word(const char *text);

#endif
