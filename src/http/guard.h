/* SPDX-License-Identifier: PostgreSQL */

/*
 * The guards against pages in a browser on the same machine, which can make it
 * send requests to loopback, also under a name of their own (DNS rebinding).
 * Pure.
 */
#ifndef PGJUMP_HTTP_GUARD_H
#define PGJUMP_HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether a Host header (with or without a port) holds an address or
 * localhost, neither of which a page can rebind.
 */
bool http_guard_is_plain(const char *host);

/* Whether it holds one of these names. */
bool http_guard_is_listed(const char *host, char *const *names, size_t count);

#endif
