/* SPDX-License-Identifier: PostgreSQL */

/*
 * A login that failed, from what libpq says of it: whose words they are, and
 * which failure that makes.
 */
#ifndef PGJUMP_CHECK_REFUSAL_H
#define PGJUMP_CHECK_REFUSAL_H

#include <stdbool.h>

#include "base/fault.h"

/* Why the database said no. */
struct check_refusal {
	char sqlstate[6]; /* "" where it was not the database that said so */
	char message[FAULT_WORDS_MAX];
};

/*
 * `said` is a message of libpq, in its verbose form where the database gave it.
 * An end that follows the password is most likely an answer to it.
 */
enum failure check_refusal_read(const char *said, bool gave_password,
    struct check_refusal *, struct fault *);

#endif
