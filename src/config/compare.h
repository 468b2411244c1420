/* SPDX-License-Identifier: PostgreSQL */

/* What differs between two configurations, for a reload. */
#ifndef PGJUMP_CONFIG_COMPARE_H
#define PGJUMP_CONFIG_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

struct config;
struct config_connection;

/* Whether a client finds the same, whichever of the two it uses. */
bool config_compare_connections(const struct config_connection *,
    const struct config_connection *);

/*
 * The name of the first global setting from the row *from of the option table
 * on that differs; *from is set behind it.  NULL: none does.
 */
const char *config_compare_globals(const struct config *, const struct config *,
    size_t *from);

#endif
