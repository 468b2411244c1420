/* SPDX-License-Identifier: PostgreSQL */

/*
 * A text read by the type of its option, never by its looks: as a password, the
 * text "yes" is a password.
 */
#ifndef PGJUMP_CONFIG_VALUE_H
#define PGJUMP_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct option;

enum value_verdict {
	VALUE_GOOD,
	VALUE_BAD,   /* not what config_value_expected() says */
	VALUE_TWICE, /* a word that the field has already */
};

/*
 * Read `text` into `field`, which is of the row's type and holds nothing that
 * needs a release.  A word or a secret of several is added to those that are
 * there.  Not for OPTION_SPECIAL.
 */
enum value_verdict config_value_parse(const struct option *, const char *text,
    void *field);

/*
 * The value of a field as a file would write it, the inverse of
 * config_value_parse().  The caller frees it; NULL: it is not set, as a text
 * without value, a number below its range and an enum without a word are.  Not
 * for secrets and PEM.
 */
char *config_value_text(const struct option *, const void *field);

/* What a row allows: "a number from 1 to 65535", "a text". */
void config_value_expected(const struct option *, char *buf, size_t size);

/* Read a decimal number, digits only; false if it is not within min to max. */
bool config_value_number(const char *text, int64_t min, int64_t max,
    int64_t *number);

/* Whether this can name a connection or a jump box. */
bool config_value_is_name(const char *text);

/* Whether this is a name or an address, without brackets and port. */
bool config_value_is_host(const char *text);

#endif
