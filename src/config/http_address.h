/* SPDX-License-Identifier: PostgreSQL */

/*
 * The address of `http` or `admin`, in the forms PORT, HOST:PORT, "[V6]:PORT"
 * and /dir/name.sock.  Resolves no name.
 */
#ifndef PGJUMP_CONFIG_HTTP_ADDRESS_H
#define PGJUMP_CONFIG_HTTP_ADDRESS_H

#include <stdbool.h>

struct config_http_address;

/*
 * The caller frees it with config_free_http_address().  NULL, and *why says
 * why, if the text is none of the forms.
 */
struct config_http_address *config_http_address_new(const char *text,
    const char **why);

/* Whether both are off (NULL), or mean the same address. */
bool config_http_address_is_same(const struct config_http_address *,
    const struct config_http_address *);

/* Why this may not be the address of `admin`; NULL: it may. */
const char *config_http_address_refuse_admin(
    const struct config_http_address *);

/*
 * $RUNTIME_DIRECTORY/admin.sock, else $XDG_RUNTIME_DIR/pgjump/admin.sock; NULL
 * where neither directory is known.
 */
struct config_http_address *config_http_address_default(void);

#endif
