/* SPDX-License-Identifier: PostgreSQL */

/*
 * Values of a configuration file that come from the environment: texts that are
 * exactly ${NAME} or ${NAME:-default}.
 */
#ifndef PGJUMP_CONFIG_ENVIRONMENT_H
#define PGJUMP_CONFIG_ENVIRONMENT_H

struct report;
struct yaml_tree;

/* The marks that config_environment_expand() sets on nodes. */
enum environment_mark {
	MARK_NONE,
	MARK_ENVIRONMENT, /* the text is not in the file itself */
	MARK_UNSET,       /* the variable is not set; reported */
};

/*
 * Replace each such value of the tree.  An unset variable without a default is
 * an error.  The reference of a replaced node keeps what was there, without the
 * default.
 */
void config_environment_expand(struct yaml_tree *, struct report *);

/*
 * What to write into a file so that it reads as `text`, even if that looks like
 * ${NAME}.  The caller frees it.
 */
char *config_environment_verbatim(const char *text);

#endif
