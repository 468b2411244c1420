/* SPDX-License-Identifier: PostgreSQL */

/*
 * `pgjump hostkey`: show the host keys of jump boxes, to be compared and
 * trusted.
 */
#ifndef PGJUMP_COMMAND_HOSTKEY_H
#define PGJUMP_COMMAND_HOSTKEY_H

struct command_line;

/*
 * Print the host keys of the jump boxes of the named connections, as
 * known_hosts lines and as pins; with `add`, append new keys to the known_hosts
 * file of each. There is no login.  Returns the exit code: that of the first
 * jump box that could not be asked or whose keys could not be added; 1 for an
 * error in the configuration or in a name; else 0.
 */
int hostkey_run(const struct command_line *);

#endif
