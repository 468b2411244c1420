/* SPDX-License-Identifier: PostgreSQL */

/*
 * Where a running pgjump answers, for the commands that ask it.  Only two keys
 * of the file are read, and leniently: a command must work although the file
 * has been edited, and for a user who may not read its secrets.
 */
#ifndef PGJUMP_CONFIG_HTTP_FIND_H
#define PGJUMP_CONFIG_HTTP_FIND_H

#include <stddef.h>

struct command_line_list;
struct config_http_address;

struct config_http_found {
	struct config_http_address *admin, *http; /* NULL: off, or not known */
};

/*
 * `admin` may be NULL.  It goes before the file (`paths`; none: the usual
 * places), which goes before $PGJUMP_ADMIN and $PGJUMP_HTTP.  No other variable
 * is expanded.  What cannot be read counts as not given.
 */
struct config_http_found config_http_find(const struct command_line_list *paths,
    const char *admin);
void config_http_find_clear(struct config_http_found *);

#endif
