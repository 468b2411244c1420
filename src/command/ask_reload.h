/* SPDX-License-Identifier: PostgreSQL */

/* `pgjump reload`: make a running pgjump read its configuration again. */
#ifndef PGJUMP_COMMAND_ASK_RELOAD_H
#define PGJUMP_COMMAND_ASK_RELOAD_H

struct command_line;

/* Returns the exit code: 1 when it was refused, after every error. */
int command_ask_reload_run(const struct command_line *);

#endif
