/* SPDX-License-Identifier: PostgreSQL */

/*
 * How long to wait after failures in a row.
 */
#ifndef PGJUMP_JUMP_BACKOFF_H
#define PGJUMP_JUMP_BACKOFF_H

#include <stdint.h>

#include "base/failure.h"

/*
 * Milliseconds to the next try after `failures` (at least 1) in a row, the last
 * of which says how it is to be tried again.
 */
int64_t backoff_ms(enum retry, unsigned failures);

#endif
