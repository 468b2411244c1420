/* SPDX-License-Identifier: PostgreSQL */

/*
 * The classes of SQLSTATE, the first two characters of an error code
 * (PostgreSQL documentation, appendix "PostgreSQL Error Codes").  What a peer
 * says becomes one of a known few, so that it can be counted.
 */
#ifndef PGJUMP_PG_SQLSTATE_H
#define PGJUMP_PG_SQLSTATE_H

#include <stddef.h>

#define SQLSTATE_CLASSES 45

/* The number of a code's class, below SQLSTATE_CLASSES; 0: an unknown one. */
size_t sqlstate_class(const char *code);

/* "28"; "other" for 0. */
const char *sqlstate_class_name(size_t number);

#endif
