/* SPDX-License-Identifier: PostgreSQL */

/* The files of a configuration: its own, and those of secrets and certificates.
 */
#ifndef PGJUMP_CONFIG_FILES_H
#define PGJUMP_CONFIG_FILES_H

struct config;

/*
 * Call `each` for every path, perhaps more than once; for a directory that the
 * command line names with the name "*" in it.
 */
void config_files_each(const struct config *,
    void (*each)(void *arg, const char *path), void *arg);

#endif
