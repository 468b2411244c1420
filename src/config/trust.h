/* SPDX-License-Identifier: PostgreSQL */

/*
 * Files that decide which host keys are trusted, and who else can change them.
 */
#ifndef PGJUMP_CONFIG_TRUST_H
#define PGJUMP_CONFIG_TRUST_H

#include "config/report.h"

struct section;

/*
 * Warn about `path`, which belongs to the option `name`, where somebody but
 * this user and root can write it or put another file in its place.  One that
 * is not there yet is judged by its directory.
 */
void config_trust_check(const struct section *, const char *name,
    struct place place, const char *path);

#endif
