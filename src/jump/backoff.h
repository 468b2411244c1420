/* SPDX-License-Identifier: PostgreSQL */

/* How long to wait before the next try, after failures in a row. */
#ifndef PGJUMP_JUMP_BACKOFF_H
#define PGJUMP_JUMP_BACKOFF_H

#include <stdint.h>

#include "base/failure.h"

/*
 * Milliseconds to the next try after `failures` (at least 1) in a row.  `retry`
 * is that of the last failure (base/failure.def).
 */
int64_t backoff_ms(enum retry retry, unsigned failures);

#endif
