/* SPDX-License-Identifier: PostgreSQL */

/*
 * The first thing in a JSON document that keeps it from being read: a comment,
 * a missing comma, a quote that is not closed.  libyaml, which reads JSON too,
 * speaks of YAML and often points somewhere else.
 */
#ifndef PGJUMP_CONFIG_JSON_SLIP_H
#define PGJUMP_CONFIG_JSON_SLIP_H

#include <stdbool.h>
#include <stddef.h>

struct slip;

/* Whether a document is meant as JSON: it begins with a brace or a bracket. */
bool json_slip_is_json(const char *bytes, size_t len);

/*
 * The first slip of a document that libyaml refused.  What YAML allows in
 * braces is no slip: bare words, single quotes, comments with #, a comma at the
 * end.  False: none is found.
 */
bool json_slip_find(const char *bytes, size_t len, struct slip *);

#endif
