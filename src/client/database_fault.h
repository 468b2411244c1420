/* SPDX-License-Identifier: PostgreSQL */

/*
 * The fault of a database that does not answer as PostgreSQL does, with the
 * evidence in DETAIL.  Pure: facts in, fault out.  It never calls the tunnel up
 * when the tunnel itself was silent.  The caller adds the names in the message.
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
	struct stream *lost;    /* it broke, and says how; NULL: it did not */
};

/* The database sent bytes that PostgreSQL would not send. */
void database_fault_foreign(struct fault *, const struct database_way *,
    const void *answer, size_t len);

/*
 * The database refused the session before any login, by this error.  An error
 * in the form of protocol 2 has no SQLSTATE.
 */
void database_fault_rejected(struct fault *, const struct database_way *,
    const struct pgwire_error_fields *);

/*
 * The database closed the connection, for which `code` has the words, or the
 * way to it broke.
 */
void database_fault_hung_up(struct fault *, const struct database_way *,
    enum failure code);

/*
 * Nothing came for `waited_ms`: the database was silent, for which `code` has
 * the words, or (`was_heard` is false) the whole tunnel was.
 */
void database_fault_silent(struct fault *, const struct database_way *,
    enum failure code, int64_t waited_ms, bool was_heard);

#endif
