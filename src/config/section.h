/* SPDX-License-Identifier: PostgreSQL */

/*
 * One mapping of a configuration file, its keys matched with their options:
 * reads values into fields, gives access to those of a form of their own, and
 * reports each that is wrong.  It knows no particular option.
 */
#ifndef PGJUMP_CONFIG_SECTION_H
#define PGJUMP_CONFIG_SECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "config/options.h"
#include "config/report.h"

struct node;

/* What belongs to one reading of one file. */
struct reading {
	struct report *report;
	const char *dir;           /* where relative paths begin; NULL: here */
	struct place first_secret; /* in the file itself; line 0: none */
};

#define SECTION_SLOTS 80

struct section {
	struct reading *reading;
	enum option_section which;
	const struct node *map;
	/* By row of the option table; NULL where the key is missing. */
	const struct node *values[SECTION_SLOTS], *files[SECTION_SLOTS];
};

/* Whether a value counts as absent: null, ~ or an empty text. */
bool config_section_is_absent(const struct node *);

/*
 * Match the keys of `map`.  Unknown ones, duplicates, what a later version
 * brings and KEY beside KEY_file are reported.
 */
void config_section_open(struct section *, struct reading *,
    enum option_section, const struct node *map);

/*
 * Read every option that has a field into the section's struct, with its
 * default where it is absent, and report each required one that is missing.
 */
void config_section_fill(const struct section *, void *fields);

/* Read the one scalar option `name` into `field`.  False: absent or wrong. */
bool config_section_read(const struct section *, const char *name, void *field);

/* Whether `name` or its file is given, be it wrong. */
bool config_section_gives(const struct section *, const char *name);

/* The value of `name`, NULL when absent. */
const struct node *config_section_value(const struct section *,
    const char *name);

/*
 * The values of an option which takes one scalar or a list of them; *count is
 * 0 when absent or, after reporting, of another kind.  Each is a scalar.
 */
const struct node *const *config_section_items(const struct section *,
    const char *name, size_t *count);

/* Where `name` or its file stands; the whole mapping where it is absent. */
struct place config_section_place(const struct section *, const char *name);

/* Report that `node` is not what the option `name` takes. */
void config_section_refuse(const struct section *, const char *name,
    const struct node *node);

/* Report what is wrong with `name`: "ssh_tunnel.host_key: ..." */
void config_section_error(const struct section *, const char *name,
    struct place place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same of what works, and is unwise. */
void config_section_warning(const struct section *, const char *name,
    struct place place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
