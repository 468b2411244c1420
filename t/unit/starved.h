/* SPDX-License-Identifier: PostgreSQL */

/*
 * A process that can get no more memory from the system.
 */
#ifndef PGJUMP_TEST_STARVED_H
#define PGJUMP_TEST_STARVED_H

#include <stdlib.h>

#include "skip_unless.h"

/*
 * Run `act` in such a child of this process, and return what the child wrote to
 * stderr, without the time; valid until the next call.  Fails if the child does
 * not abort.
 */
const char *starved_words(void (*act)(void));

/* Skip under a sanitizer, which has an allocator of its own. */
#define SKIP_UNLESS_STARVING()                          \
	SKIP_UNLESS(getenv("PGJUMP_SANITIZED") == NULL, \
	    "a sanitizer has its own idea of address space")

#endif
