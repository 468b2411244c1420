/* SPDX-License-Identifier: PostgreSQL */

/*
 * What stands for something else in a value of ssh_config: "~/" at its
 * beginning, tokens such as %h, and ${NAME} (ssh_config(5), TOKENS and
 * ENVIRONMENT VARIABLES).
 */
#ifndef PGJUMP_IMPORT_TOKENS_H
#define PGJUMP_IMPORT_TOKENS_H

/* What a token stands for depends on the host that is logged in to. */
struct import_tokens {
	const char *alias; /* %n: as it was typed */
	const char *host;  /* %h */
	const char *user;  /* %r */
	const char *port;  /* %p */
};

/*
 * The value as ssh would read it; the caller frees it.  NULL: it has a token
 * that pgjump does not know, or a variable that is not set.
 */
char *import_tokens_expand(const char *value, const struct import_tokens *);

#endif
