/* SPDX-License-Identifier: PostgreSQL */

/*
 * Texts written as YAML 1.1 scalars that every reader reads back unchanged. The
 * caller writes mappings, lists and comments, since libyaml's own emitter
 * cannot write comments.
 */
#ifndef PGJUMP_CONFIG_YAML_WRITE_H
#define PGJUMP_CONFIG_YAML_WRITE_H

#include <stdio.h>

/*
 * Write `text` between double quotes, on one line, without a line end.  Bytes
 * that are not UTF-8 become U+FFFD, since YAML cannot hold them.
 */
void yaml_write_quoted(FILE *, const char *text);

/*
 * Write a text of several lines as a literal block, indented by `indent`
 * blanks, up to and including its last line end.  A text that cannot be a block
 * is written between double quotes and followed by a line end.
 */
void yaml_write_lines(FILE *, const char *text, unsigned indent);

#endif
