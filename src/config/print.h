/* SPDX-License-Identifier: PostgreSQL */

/* The configuration in effect, written as a file that pgjump reads. */
#ifndef PGJUMP_CONFIG_PRINT_H
#define PGJUMP_CONFIG_PRINT_H

#include <stdio.h>

struct config;

/*
 * Write every option with its value.  A comment marks each default and each
 * option that is not set.  Secrets are left out (base/secret.h), and paths are
 * absolute.  Loading and printing the text again gives the same text.
 */
void config_print(const struct config *, FILE *);

#endif
