/* SPDX-License-Identifier: PostgreSQL */

/*
 * The options of a section that have a field, read into its struct.
 */
#ifndef PGJUMP_CONFIG_FIELDS_H
#define PGJUMP_CONFIG_FIELDS_H

struct section;

/*
 * Read every option that has a field into the section's struct; an absent one
 * gets its default.  Reports required options that are missing, unless the
 * section has a base, which was reported already, and KEY beside KEY_file.
 */
void config_fields_fill(const struct section *, void *fields);

#endif
