/* SPDX-License-Identifier: PostgreSQL */

/*
 * The text of a YAML document on both sides of libyaml.  Before libyaml reads
 * it, what JSON allows and libyaml refuses is masked by the same number of
 * bytes, so that no place changes; afterwards it is restored in the scalars.
 */
#ifndef PGJUMP_CONFIG_YAML_TEXT_H
#define PGJUMP_CONFIG_YAML_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/report.h"

struct yaml_pair;

struct yaml_text {
	const char *bytes; /* the document itself, borrowed */
	size_t len;
	char *masked; /* the text for libyaml, of the same length */
	struct yaml_pair *pairs, *next, *end; /* masked surrogate pairs */
	struct place found; /* the place that was looked up last */
	size_t found_at;    /* its byte */
};

void yaml_text_open(struct yaml_text *, const char *bytes, size_t len);
void yaml_text_close(struct yaml_text *);

/*
 * Restore what was masked in the text of a scalar that stands between two
 * character indices of the document.  The text is changed in place and never
 * grows.  `is_decoded`: it was double-quoted, so libyaml has decoded its
 * escapes. To be called for every scalar, in order.
 */
void yaml_text_restore(struct yaml_text *, char *text, size_t start, size_t end,
    bool is_decoded);

/*
 * Whether a comment follows what ends at this place, in the same line.  To be
 * called for places in order.
 */
bool yaml_text_has_comment(struct yaml_text *, struct place);

/* The first byte of the line of a place; at most the end of the document. */
size_t yaml_text_offset(const struct yaml_text *, struct place);

/* The place of a byte. */
struct place yaml_text_place(const struct yaml_text *, size_t offset);

/*
 * Whether the line of *place has an address without quotes, such as [::1]:6432,
 * which YAML takes for the beginning of a list.  Moves *place to its bracket.
 */
bool yaml_text_has_bare_address(const struct yaml_text *, struct place *);

#endif
