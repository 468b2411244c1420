/* SPDX-License-Identifier: PostgreSQL */

/*
 * A login that failed, as libpq describes it: whose words these are, and which
 * failure they mean.
 */
#ifndef PGJUMP_CHECK_REFUSAL_H
#define PGJUMP_CHECK_REFUSAL_H

#include <stdbool.h>

#include "base/fault.h"

/* Why the database rejected the login. */
struct check_refusal {
	char sqlstate[6]; /* "" where the words are not the database's */
	char message[FAULT_WORDS_MAX];
};

/*
 * `said` is a message of libpq, in its verbose form where the database sent it.
 * A connection that ends after `was_given_password` most likely ended because
 * of the password.
 */
enum failure check_refusal_read(const char *said, bool was_given_password,
    struct check_refusal *, struct fault *);

#endif
