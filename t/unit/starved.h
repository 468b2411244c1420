/* SPDX-License-Identifier: PostgreSQL */

/*
 * A process that can get no memory from the system beyond what it has.
 */
#ifndef PGJUMP_TEST_STARVED_H
#define PGJUMP_TEST_STARVED_H

#include <stdlib.h>

#include "skip_unless.h"

/*
 * What such a child of this process writes to stderr while `act` runs, behind
 * the time; to be read until the next call.  Fails where the child does not
 * abort.
 */
const char *starved_words(void (*act)(void));

/* Not under a sanitizer, which has an allocator of its own. */
#define SKIP_UNLESS_STARVING()                          \
	SKIP_UNLESS(getenv("PGJUMP_SANITIZED") == NULL, \
	    "a sanitizer has its own idea of address space")

#endif
