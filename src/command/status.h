/* SPDX-License-Identifier: PostgreSQL */

/* `pgjump status`: what a running pgjump knows, for a person or as JSON. */
#ifndef PGJUMP_COMMAND_STATUS_H
#define PGJUMP_COMMAND_STATUS_H

struct command_line;

/* Returns the exit code: 1 when nobody answered, or a name is unknown. */
int command_status_run(const struct command_line *);

#endif
