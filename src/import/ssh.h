/* SPDX-License-Identifier: PostgreSQL */

/*
 * The question to the installed ssh what its configuration says of a host:
 * `ssh -G`.  ssh itself reads its files, and runs what they tell it to run
 * while they are read (Match exec); nothing else of them is run.
 */
#ifndef PGJUMP_IMPORT_SSH_H
#define PGJUMP_IMPORT_SSH_H

#include <stdbool.h>

struct import_settings;
struct import_texts;

/*
 * Fill *out with the settings of `host`, beside the options of ssh that are
 * given.  The host is one that import_line_is_name() admits.  False: ssh could
 * not tell, which was printed.
 */
bool import_ssh_ask(const struct import_texts *options, const char *host,
    struct import_settings *out);

#endif
