/* SPDX-License-Identifier: PostgreSQL */

/* The time that a check may take. */
#ifndef PGJUMP_CHECK_LIMIT_H
#define PGJUMP_CHECK_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Set *deadline_ms (base/clock.h) to what the text of --timeout says from now
 * on; NULL leaves it.  False: a usage error, which has been printed.
 */
bool check_limit_read(const char *text, int64_t *deadline_ms);

#endif
