/* SPDX-License-Identifier: PostgreSQL */

/*
 * The jump boxes of a file by their names, and what is said of a name that is
 * none of them.
 */
#ifndef PGJUMP_CONFIG_JUMP_NAMES_H
#define PGJUMP_CONFIG_JUMP_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "config/section.h"

/* A jump box of jump_boxes while the file is read. */
struct jump_box {
	struct section section;
	struct place place; /* of its name */
	bool is_used;       /* by a connection, or on the way of one */
};

struct jump_boxes {
	struct reading *reading;
	struct jump_box *list; /* parallel to config.jump_boxes */
	size_t count;
	const char **refused; /* names in jump_boxes, as reported */
	size_t refused_count;
	bool is_unreadable; /* every name may be in it */
};

/* The jump box of this name; NULL: there is none. */
struct jump_box *config_jump_names_find(const struct jump_boxes *,
    const char *name);

/* Whether a jump box of this name was refused: more need not be said. */
bool config_jump_names_is_refused(const struct jump_boxes *, const char *name);

/* Whether a text can be meant as the name of a jump box. */
bool config_jump_names_may_be(const struct jump_boxes *, const char *text);

/*
 * Report that the `name` which `option` gives, at `place`, is unknown, unless
 * what has that name was reported.
 */
void config_jump_names_refuse(const struct jump_boxes *, const struct section *,
    const char *option, struct place place, const char *name);

#endif
