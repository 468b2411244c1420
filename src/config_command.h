/* SPDX-License-Identifier: PostgreSQL */

/*
 * `pgjump config`: is this configuration valid.
 */
#ifndef PGJUMP_CONFIG_COMMAND_H
#define PGJUMP_CONFIG_COMMAND_H

/*
 * Validate the configuration at `config_path` (see config_load.h), opening no
 * connection.  There are no arguments.  Returns the exit code: 0 when it is
 * valid, else 1, after all its errors were printed.
 */
int config_command_run(const char *config_path, char *const *arguments);

#endif
