/* SPDX-License-Identifier: PostgreSQL */

/*
 * A command for each way in which a proxy can fail.
 */
#ifndef PGJUMP_CHECK_ADVICE_PROXY_H
#define PGJUMP_CHECK_ADVICE_PROXY_H

struct check_advice;
struct check_state;

/* Add the command to what is said of a failure of the stage jump_proxy. */
void check_advice_proxy(const struct check_state *, struct check_advice *);

#endif
