/* SPDX-License-Identifier: PostgreSQL */

/*
 * The dials of a walk: one that shows each of its stages on the board, as a
 * phase with its facts, and one that shows nothing.
 */
#ifndef PGJUMP_CHECK_DIAL_H
#define PGJUMP_CHECK_DIAL_H

struct check_state;

/* Make both dials of the state. */
void check_dial_init(struct check_state *);

/* The dial has succeeded: so has its last stage.  The fault may be cleared. */
void check_dial_end(struct check_state *);

/* What the dial has noted since the last stage began, or "". */
const char *check_dial_note(const struct check_state *);

/* The facts of a login: what the jump box offers, and what was tried. */
void check_dial_tell_tried(struct check_state *);

#endif
