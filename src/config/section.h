/* SPDX-License-Identifier: PostgreSQL */

/*
 * One mapping of a configuration file, its keys matched with the option table.
 * Reads single values, gives access to options with a form of their own, and
 * reports every wrong key and value.  It knows no particular option.
 */
#ifndef PGJUMP_CONFIG_SECTION_H
#define PGJUMP_CONFIG_SECTION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/options.h"
#include "config/report.h"

struct node;

/* One of the files that are read. */
struct origin {
	const char
	    *dir; /* where relative paths begin; NULL: working directory */
	struct place first_secret;       /* in the file itself; line 0: none */
	const atomic_bool *is_cancelled; /* NULL: it cannot be */
};

/* What all sections share while they are read. */
struct reading {
	struct report *report;
	struct origin *origins; /* of each file that the report numbers */
	unsigned guesses;       /* what may be meant by an unknown word */
	const atomic_bool *is_cancelled; /* NULL: it cannot be */
	bool will_ask; /* a person will be asked for missing passphrases */
};

/* At least one for each row of the option table, which section.c asserts. */
#define SECTION_SLOTS 80

#define SECTION_HOP ""

struct section {
	struct reading *reading;
	enum option_section which;
	/* Of a mapping in jump_boxes its key, of one in `via` SECTION_HOP. */
	const char *jump_box; /* NULL: of another one */
	const struct node *map;
	const struct section *base; /* has the keys that are missing; or NULL */
	/* By the row of the option table; NULL if the key is missing. */
	const struct node *values[SECTION_SLOTS], *files[SECTION_SLOTS];
	/* An unknown key was taken for the option: that error is enough. */
	bool is_meant[SECTION_SLOTS];
};

/*
 * Match the keys of `map`.  Reports unknown keys and duplicates.
 * `jump_box` is the name of a jump box of jump_boxes, SECTION_HOP for a mapping
 * within `via`, otherwise NULL.
 */
void config_section_open(struct section *, struct reading *,
    enum option_section, const char *jump_box, const struct node *map);

/*
 * Whether `name` or its file is given in this section itself.  All other
 * functions look into the base as well; an option from there keeps its place
 * and its name in messages.
 */
bool config_section_overrides(const struct section *, const char *name);

/* Read one scalar option into `field`.  False: it is absent or wrong. */
bool config_section_read(const struct section *, const char *name, void *field);

/*
 * The same for an option that takes one scalar or a list of scalars, in order.
 * False: it is absent, or at least one is wrong.
 */
bool config_section_read_items(const struct section *, const char *name,
    void *field);

/* Whether `name` or its file is given, right or wrong. */
bool config_section_gives(const struct section *, const char *name);

/* The value of `name`, and that of its file; NULL if it is absent. */
const struct node *config_section_value(const struct section *,
    const char *name);
const struct node *config_section_file(const struct section *,
    const char *name);

/*
 * The values of an option that takes one scalar or a list of scalars.  *count
 * is 0 if it is absent, or of another kind, which is reported.
 */
const struct node *const *config_section_items(const struct section *,
    const char *name, size_t *count);

/* The place of `name` or its file; of the whole mapping if it is absent. */
struct place config_section_place(const struct section *, const char *name);

/*
 * Whether one more unknown word may be compared with all known ones, which
 * takes time: whoever has made a hundred mistakes has got hints enough.
 */
bool config_section_may_guess(struct reading *);

/* Where the relative path begins that stands at this place. */
const char *config_section_dir(const struct section *, struct place);

/* Report that `node` is not what the option `name` takes. */
void config_section_refuse(const struct section *, const char *name,
    const struct node *node);

/* Report what is wrong with `name`: "ssh_tunnel.host_key: ..." */
void config_section_error(const struct section *, const char *name,
    struct place place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for a value that works but is unwise. */
void config_section_warning(const struct section *, const char *name,
    struct place place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
