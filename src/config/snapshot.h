/* SPDX-License-Identifier: PostgreSQL */

/* The content of a configuration's files, judged and made into a snapshot. */
#ifndef PGJUMP_CONFIG_SNAPSHOT_H
#define PGJUMP_CONFIG_SNAPSHOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct config;
struct report;
struct sources;

/*
 * NULL after an error, which was reported.  `is_cancelled` is that of
 * config_load_again(), or NULL; `will_ask` is that of config_load().
 */
struct config *config_snapshot_make(const struct sources *, struct report *,
    const atomic_bool *is_cancelled, bool will_ask);

/* The number of a connection as a part of the files (config/report.h). */
size_t config_snapshot_part(size_t index);

#endif
