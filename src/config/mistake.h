/* SPDX-License-Identifier: PostgreSQL */

/*
 * A value that an option refuses, by what was probably meant: a user before a
 * host, the word of another program, a text that YAML took for a mapping.
 */
#ifndef PGJUMP_CONFIG_MISTAKE_H
#define PGJUMP_CONFIG_MISTAKE_H

struct node;
struct option;

/*
 * "must be a host name, not \"a@b\"; the user goes in username".  It quotes
 * nothing that may be a secret.  The caller frees it.
 */
char *config_mistake_text(const struct option *, const struct node *);

#endif
