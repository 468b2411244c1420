/* SPDX-License-Identifier: PostgreSQL */

/*
 * A value in a YAML document that keeps it from being read: one that needs
 * quotes, whose quote or bracket is not closed, whose lines are not indented.
 */
#ifndef PGJUMP_CONFIG_SLIP_VALUE_H
#define PGJUMP_CONFIG_SLIP_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/slip_line.h"

struct slip;

/* How a value is looked at. */
struct slip_look {
	struct slip_text text;
	size_t end;       /* where libyaml stopped */
	const char *name; /* the key of the value, for messages; not ended */
	size_t name_len, name_indent;
	size_t next; /* set to the line behind the value */
	struct slip *slip;
};

/*
 * The value that begins at line->at.  True: there is a slip, which is filled
 * in.
 */
bool slip_value_look(struct slip_look *, const struct slip_line *);

/* A line that should be indented below the option of the key it belongs to. */
bool slip_value_refuse_outdent(const struct slip_look *,
    const struct slip_line *);

#endif
