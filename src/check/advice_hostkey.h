/* SPDX-License-Identifier: PostgreSQL */

/*
 * What to do about a host key that is not trusted, or that was not proved to be
 * the jump box's own.
 */
#ifndef PGJUMP_CHECK_ADVICE_HOSTKEY_H
#define PGJUMP_CHECK_ADVICE_HOSTKEY_H

struct check_advice;
struct check_state;

void check_advice_hostkey(const struct check_state *, struct check_advice *);

/* What to do about a host certificate that is not trusted. */
void check_advice_hostkey_certificate(const struct check_state *,
    struct check_advice *);

#endif
