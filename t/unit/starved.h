/* SPDX-License-Identifier: PostgreSQL */

/*
 * A process that can get no memory from the system beyond what it has.
 */
#ifndef PGJUMP_TEST_STARVED_H
#define PGJUMP_TEST_STARVED_H

/*
 * What such a child of this process writes to stderr while `act` runs, behind
 * the time; to be read until the next call.  Fails where the child does not
 * abort, and skips the test under a sanitizer ($PGJUMP_SANITIZED), which has
 * its own allocator.
 */
const char *starved_words(void (*act)(void));

#endif
