/* SPDX-License-Identifier: PostgreSQL */

/*
 * What a jump box is shown to log in: the methods, and the password and keys
 * that they need, judged.
 */
#ifndef PGJUMP_CONFIG_CREDENTIALS_H
#define PGJUMP_CONFIG_CREDENTIALS_H

#include <stdbool.h>

struct config;
struct config_jump;
struct section;

/*
 * Report each credential that a method needs and the section lacks, and each
 * key that cannot be used.  `cfg` has the jump boxes that were judged before.
 */
void config_credentials_judge(const struct section *, const struct config *cfg,
    const struct config_jump *);

/* Whether both log in by the same methods, with the same secrets. */
bool config_credentials_equal(const struct config_jump *,
    const struct config_jump *);

#endif
