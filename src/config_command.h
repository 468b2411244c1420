/* SPDX-License-Identifier: PostgreSQL */

/*
 * `pgjump config`: is this configuration valid.
 */
#ifndef PGJUMP_CONFIG_COMMAND_H
#define PGJUMP_CONFIG_COMMAND_H

struct command_line;

/*
 * Validate the configuration (see config_load.h), opening no connection.
 * Returns the exit code: 0 when it is valid, else 1, after all its errors were
 * printed.
 */
int config_command_run(const struct command_line *);

#endif
