/* SPDX-License-Identifier: PostgreSQL */

/*
 * The lines of a configuration that is printed: a key, then its value.
 */
#ifndef PGJUMP_CONFIG_PRINTING_H
#define PGJUMP_CONFIG_PRINTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "config/options.h"

struct config;
struct config_jump_box;

#define PRINTING_STEP 2 /* columns of indentation */

/* The text that is being written, the place in it, and what it is about. */
struct printing {
	FILE *out;
	const struct config *cfg;
	const struct config_jump_box *jump_box; /* of jump_boxes; or NULL */
	unsigned indent;
	bool is_item_due; /* the next line begins an item of a list */
	bool is_override; /* of what a jump box with a name says */
	bool is_in_list;  /* of `via`, which says how it is reached */
	/* Every option of a section; one option. */
	void (*print_section)(struct printing *, enum option_section,
	    const void *fields);
	void (*print_option)(struct printing *, const struct option *,
	    const void *fields);
};

/* Begin the line of `key`; its value follows. */
void config_printing_begin(struct printing *, const char *key);

/* The same for a comment, which is not read back. */
void config_printing_comment(struct printing *, const char *key);

/* End a line, and say in it whether the value is the default. */
void config_printing_end(struct printing *, bool is_default);

/* A whole line: `key` has no value. */
void config_printing_not_set(struct printing *, const char *key);

/* Write a text as a value. */
void config_printing_quote(struct printing *, const char *text);

/* Write a list on one line; `write` writes each of `count` items. */
void config_printing_flow(struct printing *, size_t count, const void *of,
    void (*write)(struct printing *, const void *of, size_t index));

/* Write an absolute path, so that the text means the same file anywhere. */
void config_printing_quote_path(struct printing *, const char *path);

#endif
