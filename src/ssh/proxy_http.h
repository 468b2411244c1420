/* SPDX-License-Identifier: PostgreSQL */

/*
 * CONNECT of HTTP (RFC 9110, 9.3.6): the request, and what a proxy answers.
 * Pure.
 */
#ifndef PGJUMP_SSH_PROXY_HTTP_H
#define PGJUMP_SSH_PROXY_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "ssh/proxy_answer.h"

/* The most that an answer may have before its body. */
#define SSH_PROXY_HTTP_MAX ((size_t)16 << 10)

/* The request; the caller releases it with secret_free(). */
char *ssh_proxy_http_request(const struct ssh_proxy_asked *);

/*
 * Read the answer as far as it has come.  `is_ended`: no more will come.
 * `has_login`: the request had a user.
 */
void ssh_proxy_http_read(const unsigned char *bytes, size_t len, bool is_ended,
    bool has_login, struct ssh_proxy_answer *);

#endif
