/* SPDX-License-Identifier: PostgreSQL */

/*
 * How a configuration file becomes a snapshot: found, read within its bounds,
 * validated whole, with every error told in one go.
 */
#ifndef PGJUMP_CONFIG_LOAD_H
#define PGJUMP_CONFIG_LOAD_H

#include <stddef.h>
#include <stdio.h>

struct config;

/*
 * Read and validate the file at `path`, or, where it is NULL, the first of
 * $PGJUMP_CONFIG, ./pgjump.yaml, the XDG and the system file that exists.
 * Returns a snapshot with one reference.  On failure NULL, after every error
 * was printed to stderr as "FILE:LINE:COLUMN: message".  Warnings about what
 * is allowed but unwise go to the same place and do not fail; where there are
 * `names` (NULL ends them), those about other connections stay unsaid.
 */
struct config *config_load(const char *path, char *const *names);

/*
 * The same of a document in memory; `file` is the name in messages, which go
 * to `out`, and relative paths begin in its directory.
 */
struct config *config_load_text(const char *file, const char *bytes, size_t len,
    FILE *out);

#endif
