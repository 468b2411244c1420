/* SPDX-License-Identifier: PostgreSQL */

/*
 * `pgjump config`: is this configuration valid, and which settings are in
 * effect?
 */
#ifndef PGJUMP_COMMAND_CONFIG_H
#define PGJUMP_COMMAND_CONFIG_H

struct command_line;

/*
 * Validate the configuration (see config/load.h), opening no connection; with
 * `print`, write the one in effect to stdout (see config/print.h).  Returns the
 * exit code: 0 when it is valid, else 1, after all its errors were printed.
 */
int command_config_run(const struct command_line *);

#endif
