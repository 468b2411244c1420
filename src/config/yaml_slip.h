/* SPDX-License-Identifier: PostgreSQL */

/*
 * The first thing in a YAML document that keeps it from being read, and how to
 * repair it.  libyaml tells at which character it could not go on, in the words
 * of a parser; here the lines are looked at as a person would, so that the
 * place is that of the slip.
 */
#ifndef PGJUMP_CONFIG_YAML_SLIP_H
#define PGJUMP_CONFIG_YAML_SLIP_H

#include <stdbool.h>
#include <stddef.h>

struct slip;

/*
 * Look for a slip in the lines of a document up to the one with the byte at
 * `end`, where libyaml stopped.  False: none is found.
 */
bool yaml_slip_find(const char *bytes, size_t len, size_t end, struct slip *);

#endif
