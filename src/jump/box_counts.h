/* SPDX-License-Identifier: PostgreSQL */

/* What has happened at a jump box, counted. */
#ifndef PGJUMP_JUMP_BOX_COUNTS_H
#define PGJUMP_JUMP_BOX_COUNTS_H

#include <stdint.h>

#include "base/failure.h"
#include "base/histogram.h"

/* What has happened so far. */
struct jump_box_counts {
	uint64_t reached, not_reached; /* dials, by their end */
	uint64_t dial_buckets[HISTOGRAM_BUCKETS];
	uint64_t dial_ms; /* the sum */
	/* Dials that failed, and links that broke (tunnel_lost). */
	uint64_t failures[STAGE_COUNT];
};

#endif
