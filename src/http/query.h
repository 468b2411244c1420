/* SPDX-License-Identifier: PostgreSQL */

/* The parameters in the query of a request, "name=value&name=value".  Pure. */
#ifndef PGJUMP_HTTP_QUERY_H
#define PGJUMP_HTTP_QUERY_H

#include <stdbool.h>
#include <stddef.h>

/* Whether there is this parameter, whatever its value.  NULL is no query. */
bool http_query_has(const char *query, const char *name);

/*
 * The first value of a parameter, decoded into `out`.  False: it is not there,
 * or does not fit, or holds control characters.
 */
bool http_query_read(const char *query, const char *name, char *out,
    size_t size);

#endif
