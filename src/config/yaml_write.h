/* SPDX-License-Identifier: PostgreSQL */

/*
 * Texts written as YAML 1.1 scalars which every reader, libyaml among them,
 * reads back as they were.  It knows no mapping and no list: layout and
 * comments, which libyaml's own emitter cannot write, are the caller's.
 */
#ifndef PGJUMP_CONFIG_YAML_WRITE_H
#define PGJUMP_CONFIG_YAML_WRITE_H

#include <stdio.h>

/*
 * Write `text` between double quotes, on one line, without a line end.  Bytes
 * which are not UTF-8 become U+FFFD, since YAML cannot hold them.
 */
void yaml_write_quoted(FILE *, const char *text);

/*
 * Write a text of several lines as a literal block, each line after `indent`
 * blanks, line ends included; where it cannot be one, quoted and a line end.
 */
void yaml_write_lines(FILE *, const char *text, unsigned indent);

#endif
