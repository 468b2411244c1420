/* SPDX-License-Identifier: PostgreSQL */

/*
 * One walk along one connection: what it has found so far, and what it asks
 * with.  Every step, question and piece of advice reads it.  A plain value in
 * the thread of its walk, which must stay where check_dial_init() saw it.
 */
#ifndef PGJUMP_CHECK_STATE_H
#define PGJUMP_CHECK_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "check/key.h"
#include "check/refusal.h"
#include "check/route.h"
#include "ssh/dial.h"

struct check_approach;
struct check_board;
struct stream;

struct check_state {
	const struct check_task *task;
	struct check_board *board;
	struct check_route *route;
	bool may_log_in;                 /* to the database */
	unsigned hop;                    /* in progress, from 1; 0: none */
	struct check_approach *approach; /* the outer ones */
	struct fault fault;              /* of the step in progress */

	/* The way to the jump box, or to a database without one. */
	struct dial reported, silent; /* `silent` shows no stage on the board */
	struct dial_facts facts;
	bool is_dialing;        /* a stage has begun and has not passed */
	enum dial_stage stage;  /* the last one that began */
	size_t noted;           /* length of DETAIL when it began */
	struct check_keys keys; /* tried, or to be tried */

	/* The database. */
	int64_t forward_ms;      /* time until it was opened or refused */
	struct stream *database; /* owned; NULL: none is open */
	int64_t opened_ms;       /* when (base/clock.h) */
	char tls_answer;         /* 'S' or 'N', to an SSLRequest */
	bool is_in_clear;        /* TLS failed, and `prefer` permits that */
	struct check_refusal refusal; /* of a login */
};

#endif
