/* SPDX-License-Identifier: PostgreSQL */

/*
 * What to do about a failure: a hint, lines to add to a file, and a command
 * with the place to run it.  Pure: facts in, texts out; no secret goes in.
 */
#ifndef PGJUMP_CHECK_ADVICE_H
#define PGJUMP_CHECK_ADVICE_H

struct check_advice;
struct check_state;

void check_advice_give(const struct check_state *, struct check_advice *);

#endif
