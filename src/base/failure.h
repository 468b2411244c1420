/* SPDX-License-Identifier: PostgreSQL */

/*
 * Failures as values.  failure.def lists every stage at which a connection can
 * fail, and every cause that pgjump can tell apart there.  This file makes the
 * enums from those rows, failure.c the tables.
 */
#ifndef PGJUMP_BASE_FAILURE_H
#define PGJUMP_BASE_FAILURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum side {
	SIDE_TUNNEL,   /* "pgjump: tunnel failed: ..." */
	SIDE_DATABASE, /* "pgjump: tunnel is up, database failed: ..." */
	SIDE_CLIENT,   /* "pgjump: refused: ..." */
	SIDE_LOCAL,    /* "pgjump: refused: ..." */
};

/*
 * The SSH server that runs on a jump box, according to its banner (RFC 4253,
 * 4.2).  Each has words, settings and logs of its own.
 */
enum software {
	SOFTWARE_UNKNOWN, /* no banner was seen */
	SOFTWARE_OPENSSH,
	SOFTWARE_DROPBEAR,
	SOFTWARE_ASYNCSSH,
	SOFTWARE_LIBSSH,
	SOFTWARE_TWISTED,
	SOFTWARE_OTHER,
};

/* How a jump box is dialled again after a cause. */
enum retry {
	RETRY_SOON,   /* it may pass by itself: 0.25 s to 30 s */
	RETRY_RARELY, /* somebody must change something: 30 s to 10 min */
};

enum stage {
#define STAGE(symbol, label, side, sqlstate, exit_code) STAGE_##symbol,
#include "base/failure.def"
	STAGE_COUNT
};

enum failure {
	FAIL_NONE = 0,
#define FAILURE(symbol, stage, retry, message, hint) FAIL_##symbol,
#include "base/failure.def"
	FAILURE_COUNT
};

struct stage_info {
	const char *label; /* "jump_auth": log, metrics, end of the message */
	enum side side;
	const char *sqlstate; /* before the session is up */
	int exit_code;        /* of `pgjump check` */
};

struct failure_info {
	enum stage stage;
	enum retry retry;
	const char *message, *hint; /* templates, see base/fault.h */
};

const struct stage_info *failure_stage_info(enum stage);
const struct failure_info *failure_info(enum failure); /* not FAIL_NONE */
const struct stage_info *failure_stage(enum failure);  /* not FAIL_NONE */

#endif
