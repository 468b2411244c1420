/* SPDX-License-Identifier: PostgreSQL */

/*
 * A host reached by TCP, in the two stages of a dial that every kind of host
 * has: its name resolved, and a connection made.
 */
#ifndef PGJUMP_SSH_REACH_H
#define PGJUMP_SSH_REACH_H

#include "base/failure.h"
#include "ssh/dialing.h"

struct fault;

/* The stages of one kind of host, and its rows for what can fail. */
struct reach_rows {
	enum dial_stage resolve, connect;
	enum failure name_unknown, name_timeout;
	enum failure refused, reset, unreachable, timeout;
};

/* A host that was reached. */
struct reached {
	int fd;
	char address[64];
	unsigned count; /* how many addresses its name has */
};

/*
 * Reach a host; on FAIL_NONE the descriptor is the caller's.  The fault notes
 * what was reached or tried, and in how many milliseconds.
 */
enum failure reach_host(const struct dial *, const struct reach_rows *,
    const char *host, unsigned port, struct reached *, struct fault *);

#endif
