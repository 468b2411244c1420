/* SPDX-License-Identifier: PostgreSQL */

/*
 * `pgjump import`: a configuration from what already works with ssh, an alias
 * of ssh_config or a pasted `ssh -L` command line.
 */
#ifndef PGJUMP_IMPORT_IMPORT_H
#define PGJUMP_IMPORT_IMPORT_H

struct command_line;

/*
 * Print the configuration on standard output.  Returns the exit code: 0, or 1
 * after an error that was printed.
 */
int import_run(const struct command_line *);

#endif
