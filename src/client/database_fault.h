/* SPDX-License-Identifier: PostgreSQL */

/*
 * What is said of a database that does not answer as PostgreSQL does, with the
 * evidence.  Pure: facts in, fault out.  It never speaks for a tunnel that was
 * silent itself.  The names in the message are added by the caller.
 */
#ifndef PGJUMP_CLIENT_DATABASE_FAULT_H
#define PGJUMP_CLIENT_DATABASE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

struct config_connection;
struct pgwire_error_fields;
struct stream;

/* A connection to a database, once it was open. */
struct database_way {
	const struct config_connection *connection;
	enum software software; /* of the jump box */
	int64_t opened_ms;      /* base/clock.h */
	struct stream *lost;    /* broken, and says how; NULL: it is not */
};

/* It said something else than PostgreSQL would. */
void database_fault_foreign(struct fault *, const struct database_way *,
    const void *answer, size_t len);

/* It refused the session before any login, in these words: of the protocol's
 * version 2, without SQLSTATE, or its own. */
void database_fault_rejected(struct fault *, const struct database_way *,
    const struct pgwire_error_fields *);

/* It closed the connection, for which `code` has the words, or the way to it
 * broke. */
void database_fault_hung_up(struct fault *, const struct database_way *,
    enum failure code);

/* It has said nothing for `waited_ms`, for which `code` has the words, or
 * (`was_heard` is false) the tunnel has not. */
void database_fault_silent(struct fault *, const struct database_way *,
    enum failure code, int64_t waited_ms, bool was_heard);

#endif
