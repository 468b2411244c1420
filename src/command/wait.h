/* SPDX-License-Identifier: PostgreSQL */

/* `pgjump wait`: until a running pgjump has started, or its tunnels are up. */
#ifndef PGJUMP_COMMAND_WAIT_H
#define PGJUMP_COMMAND_WAIT_H

struct command_line;

/* Returns the exit code: 1 when the time is over. */
int command_wait_run(const struct command_line *);

#endif
