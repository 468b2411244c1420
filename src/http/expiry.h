/* SPDX-License-Identifier: PostgreSQL */

/*
 * When certificates of the configuration end.  Their files are read at most
 * once a minute, however often is asked.
 */
#ifndef PGJUMP_HTTP_EXPIRY_H
#define PGJUMP_HTTP_EXPIRY_H

#include <stddef.h>
#include <stdint.h>

struct config;
struct exposition;

struct http_expiry {
	unsigned shown;      /* the number of the view they are of; 0: none */
	int64_t read_ms;     /* base/clock.h */
	int64_t *ends;       /* by connection and certificate; 0: unknown */
	int64_t *login_ends; /* by jump box */
};

void http_expiry_write(struct http_expiry *, const struct config *,
    unsigned shown, struct exposition *);
void http_expiry_clear(struct http_expiry *);

#endif
