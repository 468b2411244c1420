/* SPDX-License-Identifier: PostgreSQL */

/*
 * Values of a configuration file that come from the environment: a text which
 * is exactly ${NAME} or ${NAME:-default}.
 */
#ifndef PGJUMP_CONFIG_ENVIRONMENT_H
#define PGJUMP_CONFIG_ENVIRONMENT_H

struct report;
struct yaml_tree;

/* What config_environment_expand() leaves as the mark of a node. */
enum environment_mark {
	MARK_NONE,
	MARK_ENVIRONMENT, /* the text does not stand in the file */
	MARK_UNSET,       /* nor anywhere else; reported */
};

/*
 * Replace each such value of the tree; an unset variable without default is an
 * error.  A node's reference is then what stood there, without its default.
 */
void config_environment_expand(struct yaml_tree *, struct report *);

/* What to write for `text` so that it is read as it is, also where it looks
 * like ${NAME} itself; the caller's. */
char *config_environment_verbatim(const char *text);

#endif
