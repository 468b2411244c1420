/* SPDX-License-Identifier: PostgreSQL */

/*
 * One query for its facts, then a few short ones for the round trip.
 */
#include "check/server.h"

#include <libpq-fe.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "check/login.h"
#include "check/state.h"

/* The shortest of these is the round trip: one may meet a busy moment. */
#define RTT_SAMPLES 3

/* pg_stat_database shows its counts to every user; pg_stat_activity hides the
 * sessions of other users. */
static const char facts_query[] =
    "SELECT current_setting('server_version'), pg_is_in_recovery(), "
    "(SELECT sum(numbackends) FROM pg_stat_database), "
    "current_setting('max_connections')";

static void
read_facts(const PGresult *result, struct check_server *out)
{
	const char *version = PQgetvalue(result, 0, 0);

	text_printable(out->version, sizeof out->version, version,
	    strlen(version));
	out->is_in_recovery = PQgetvalue(result, 0, 1)[0] == 't';
	out->connections = atoi(PQgetvalue(result, 0, 2));
	out->connections_max = atoi(PQgetvalue(result, 0, 3));
}

static enum failure
measure(struct check_state *state, struct check_login *login, double *rtt_ms)
{
	for (int i = 0; i < RTT_SAMPLES; i++) {
		int64_t started_us = clock_us();
		PGresult *result = check_login_query(login, "SELECT 1", 1,
		    NULL);
		double took_ms = (double)(clock_us() - started_us) / 1000;

		if (result == NULL)
			return state->fault.code;
		PQclear(result);
		if (i == 0 || took_ms < *rtt_ms)
			*rtt_ms = took_ms;
	}
	return FAIL_NONE;
}

enum failure
check_server_ask(struct check_state *state, struct check_login *login,
    struct check_server *out)
{
	PGresult *result;

	memset(out, 0, sizeof *out);
	check_login_grant_time(login);
	result = check_login_query(login, facts_query, 4, out->words);
	if (state->fault.code != FAIL_NONE)
		return state->fault.code;
	if (result != NULL)
		read_facts(result, out);
	PQclear(result);
	return measure(state, login, &out->rtt_ms);
}
