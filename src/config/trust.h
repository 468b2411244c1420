/* SPDX-License-Identifier: PostgreSQL */

/* Warnings about files of trusted host keys that other users can change. */
#ifndef PGJUMP_CONFIG_TRUST_H
#define PGJUMP_CONFIG_TRUST_H

#include "config/report.h"

struct section;

/*
 * Warn about `path`, a value of the option `name`, if anybody but this user and
 * root can write or replace that file.  A file that does not exist yet is
 * judged by its directory.
 */
void config_trust_check(const struct section *, const char *name,
    struct place place, const char *path);

#endif
