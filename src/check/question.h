/* SPDX-License-Identifier: PostgreSQL */

/*
 * What a person at a terminal could do about a failure at once.
 */
#ifndef PGJUMP_CHECK_QUESTION_H
#define PGJUMP_CHECK_QUESTION_H

struct check_question;
struct check_state;

/* The question that a failed walk leads to, if any. */
void check_question_find(const struct check_state *, struct check_question *);

#endif
