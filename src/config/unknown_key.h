/* SPDX-License-Identifier: PostgreSQL */

/*
 * A key that a section does not know: a slip, a key of another section, or the
 * word of another program for what pgjump has by a name of its own.
 */
#ifndef PGJUMP_CONFIG_UNKNOWN_KEY_H
#define PGJUMP_CONFIG_UNKNOWN_KEY_H

#include <stdbool.h>

#include "config/options.h"

struct node;
struct report;

/*
 * Report it, and return the option of the section that it stands for; NULL:
 * none.  `title` names the section for messages; `may_guess`: compare the key
 * with all that the section knows.
 */
const struct option *config_unknown_key(struct report *, enum option_section,
    const char *title, const struct node *key, bool may_guess);

/* Whether the key of a mapping stands for "connections". */
bool config_unknown_key_means_connections(const char *key);

#endif
