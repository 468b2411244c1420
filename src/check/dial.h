/* SPDX-License-Identifier: PostgreSQL */

/*
 * A dial that puts each of its stages on a board, as a phase with its facts.
 */
#ifndef PGJUMP_CHECK_DIAL_H
#define PGJUMP_CHECK_DIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "ssh/dial.h"

struct check_board;
struct check_task;
struct config_connection;

/* A plain value, which must stay where it was initialised. */
struct check_dial {
	struct dial telling, quiet; /* of the latter the board hears nothing */
	struct dial_facts facts;
	bool is_under_way;     /* a stage has begun and not passed */
	enum dial_stage stage; /* the last one that began */
	/* Private from here on. */
	const struct config_connection *connection;
	struct check_board *board;
	struct fault *fault;
	size_t noted; /* of the fault's detail, when the stage began */
};

/* All borrowed; the fault is the one that is given to the dial. */
void check_dial_init(struct check_dial *, const struct check_task *,
    struct check_board *, struct fault *);

/* The dial has succeeded: so has its last stage.  The fault may be cleared. */
void check_dial_end(struct check_dial *);

/* What the dial has noted since the last stage began, or "". */
const char *check_dial_note(const struct check_dial *);

#endif
