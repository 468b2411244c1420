/* SPDX-License-Identifier: PostgreSQL */

/*
 * What a person at a terminal could do, so that a walk gets further.
 */
#ifndef PGJUMP_CHECK_QUESTION_H
#define PGJUMP_CHECK_QUESTION_H

struct check_question;
struct check_state;
struct config_connection;

/* The question that a failed walk leads to, if any. */
void check_question_find(const struct check_state *, struct check_question *);

/*
 * The question about a hop, from 1, that comes before a walk, if any: keys
 * without their passphrase, and nothing that can stand in for them.
 */
void check_question_expect(const struct config_connection *, unsigned hop,
    struct check_question *);

#endif
