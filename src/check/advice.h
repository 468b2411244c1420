/* SPDX-License-Identifier: PostgreSQL */

/*
 * What to do about a failure: a hint, lines to put into a file over there, a
 * command and where to run it.  Pure: facts in, texts out; no secret goes in.
 */
#ifndef PGJUMP_CHECK_ADVICE_H
#define PGJUMP_CHECK_ADVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "check/report.h"

struct check_key;
struct check_refusal;
struct config_connection;
struct dial_facts;

/* Everything that is known of it. */
struct check_case {
	const struct config_connection *connection;
	const struct fault *fault;
	const struct check_key *key; /* tried, or to be tried; type "": none */
	const struct dial_facts *facts;
	const struct check_refusal *refusal;
	bool is_tls_offered; /* by the database, to an SSLRequest */
};

void check_advice_give(const struct check_case *, struct check_advice *);

#endif
