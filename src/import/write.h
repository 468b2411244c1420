/* SPDX-License-Identifier: PostgreSQL */

/*
 * A configuration written from what ssh is configured to do.
 */
#ifndef PGJUMP_IMPORT_WRITE_H
#define PGJUMP_IMPORT_WRITE_H

#include <stddef.h>
#include <stdio.h>

struct import_forward;
struct import_way;

/*
 * Write the hops as jump_boxes, and a connection through the first of them, the
 * host that was asked for, for each database.  What could not be carried over
 * is a comment; returns how many such comments there are.
 */
size_t import_write(FILE *, const struct import_way *,
    const struct import_forward *databases, size_t count);

#endif
