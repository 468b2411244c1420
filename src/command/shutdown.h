/* SPDX-License-Identifier: PostgreSQL */

/* `pgjump shutdown`: make a running pgjump drain and end. */
#ifndef PGJUMP_COMMAND_SHUTDOWN_H
#define PGJUMP_COMMAND_SHUTDOWN_H

struct command_line;

/* Returns the exit code: 0 once it has begun to stop. */
int command_shutdown_run(const struct command_line *);

#endif
