/* SPDX-License-Identifier: PostgreSQL */

/*
 * Configuration files made into a snapshot: found, read within bounds, and
 * validated as a whole, so that all of its errors are reported in one go.
 */
#ifndef PGJUMP_CONFIG_LOAD_H
#define PGJUMP_CONFIG_LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct command_line_list;
struct config;

/*
 * Read and validate the files and directories at `paths`, or, if there is none,
 * $PGJUMP_CONFIG_TEXT (config/document.h), or the first of $PGJUMP_CONFIG,
 * ./pgjump.yaml, the XDG and the system file that exists, each also as .yml and
 * .json.  Returns a snapshot with one reference; NULL after printing every
 * error to stderr as "FILE:LINE:COLUMN: message".  Warnings go to stderr as
 * well and are no failure.  If there are `names` (NULL ends them), warnings
 * about other connections are left out.  With `will_ask` a missing
 * passphrase is no error: a person will be asked for it
 * (config_set_passphrase()).
 */
struct config *config_load(const struct command_line_list *paths,
    char *const *names, bool will_ask);

/*
 * The same for a reader of JSON: if there are errors, {"errors": [...]} goes to
 * stdout; warnings go to stderr.
 */
struct config *config_load_for_json(const struct command_line_list *paths,
    char *const *names);

/*
 * Read the file of a snapshot again, which stays as it is.  Messages go to
 * `out`.  Any thread; judging keys takes a while, so *is_cancelled may become
 * true to make an end of it soon, whatever is returned then.
 */
struct config *config_load_again(const struct config *, FILE *out,
    const atomic_bool *is_cancelled);

/*
 * The same for a document in memory.  Messages go to `out` and name it `file`,
 * in whose directory relative paths begin.
 */
struct config *config_load_text(const char *file, const char *bytes, size_t len,
    bool will_ask, FILE *out);

#endif
