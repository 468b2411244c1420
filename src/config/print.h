/* SPDX-License-Identifier: PostgreSQL */

/*
 * The configuration in effect, written as a file that pgjump reads.
 */
#ifndef PGJUMP_CONFIG_PRINT_H
#define PGJUMP_CONFIG_PRINT_H

#include <stdio.h>

struct config;

/*
 * Write every option with its value, those that have their default and those
 * that are not set marked by comments.  Secrets are left out (base/secret.h),
 * paths are absolute.  Loaded and printed again it is the same text.
 */
void config_print(const struct config *, FILE *);

#endif
