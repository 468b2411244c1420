/* SPDX-License-Identifier: PostgreSQL */

/*
 * http, admin, http_hosts: read, printed, and found again by a command that
 * asks a running pgjump.
 */
#ifndef PGJUMP_CONFIG_HTTP_H
#define PGJUMP_CONFIG_HTTP_H

#include <stdbool.h>

struct config;
struct config_http_address;
struct printing;
struct section;

/*
 * Fill in the addresses: those of the file, else of $PGJUMP_HTTP and
 * $PGJUMP_ADMIN, else the default of `admin`.
 */
void config_http_read(const struct section *, struct config *);

/*
 * Replace the address of `admin` by that of a command line (NULL: it has none).
 * False: it may not be one, which is printed.
 */
bool config_http_set_admin(struct config *, const char *text);

/* The value of each key in a printed configuration; `fields` is the config. */
void config_http_print(struct printing *, const char *key, const void *fields);
void config_http_print_hosts(struct printing *, const char *key,
    const void *fields);

#endif
