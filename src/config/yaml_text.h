/* SPDX-License-Identifier: PostgreSQL */

/*
 * The text of a YAML document before libyaml reads it and after: what libyaml
 * refuses although JSON allows it is masked, byte for byte, so that every
 * place stays what it is, and restored in the scalars.
 */
#ifndef PGJUMP_CONFIG_YAML_TEXT_H
#define PGJUMP_CONFIG_YAML_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/report.h"

struct yaml_pair;

struct yaml_text {
	const char *bytes; /* borrowed: the document as it is */
	size_t len;
	char *masked; /* what libyaml is to read, of the same length */
	struct yaml_pair *pairs, *next, *end; /* masked surrogate pairs */
};

void yaml_text_open(struct yaml_text *, const char *bytes, size_t len);
void yaml_text_close(struct yaml_text *);

/*
 * Put back, in place, what was masked in the text of a scalar which stands
 * between two character indices of the document; never longer than it was.
 * `decoded`: it was double-quoted, so an escape in it means a character.  To be
 * called for every scalar, in order.
 */
void yaml_text_restore(struct yaml_text *, char *text, size_t start, size_t end,
    bool decoded);

/* The place of a byte. */
struct place yaml_text_place(const struct yaml_text *, size_t offset);

/*
 * An address such as [::1]:6432 without quotes begins a list for YAML.  Looks
 * for one on the line of *place, and puts *place on its bracket.
 */
bool yaml_text_bare_address(const struct yaml_text *, struct place *);

#endif
