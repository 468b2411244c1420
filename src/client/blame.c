/* SPDX-License-Identifier: PostgreSQL */

/*
 * From the state of a client on its way in to the words of database_fault.
 */
#include "client/blame.h"

#include "base/clock.h"
#include "base/stream.h"
#include "client/database_fault.h"

static struct database_way
way_of(const struct client *client)
{
	return (struct database_way){
		.connection = client->home->connection,
		.software = client->database->software,
		.opened_ms = client->startup->opened_ms,
	};
}

enum client_state
client_not_postgres(struct client *client)
{
	const struct client_startup *startup = client->startup;
	const struct database_way way = way_of(client);

	database_fault_foreign(client_fault(client), &way, startup->answer,
	    startup->answer_len);
	return client_refuse(client);
}

enum client_state
client_rejected(struct client *client, const struct pgwire_error_fields *error)
{
	const struct database_way way = way_of(client);

	database_fault_rejected(client_fault(client), &way, error);
	return client_refuse(client);
}

/* A StartupMessage of 3.1 or later: the minor version is in its low half. */
static bool
asks_newer(const struct client_startup *startup)
{
	return startup->asked == PGWIRE_STARTUP && startup->kept_len >= 8 &&
	    (pgwire_int32(startup->kept + 4) & 0xffff) > 0;
}

/* How it closed the connection: after it had spoken as PostgreSQL, or not. */
static enum failure
hang_up_of(const struct client_startup *startup)
{
	if (asks_newer(startup))
		return FAIL_DB_CLOSED_NEWER;
	if (startup->was_answered)
		return FAIL_DB_HANGUP;
	return startup->asked == PGWIRE_TLS ? FAIL_DB_CLOSED_DIRECT
					    : FAIL_DB_CLOSED;
}

enum client_state
client_hung_up(struct client *client, bool is_lost)
{
	const struct client_startup *startup = client->startup;
	struct database_way way = way_of(client);

	if (startup->answer_len > 0 && !is_lost)
		return client_not_postgres(client);
	way.lost = is_lost ? client->database : NULL;
	database_fault_hung_up(client_fault(client), &way, hang_up_of(startup));
	return client_refuse(client);
}

static enum failure
silence_of(const struct client_startup *startup)
{
	if (asks_newer(startup))
		return FAIL_DB_SILENT_NEWER;
	return startup->asked == PGWIRE_SSL_REQUEST ||
		startup->asked == PGWIRE_GSSENC_REQUEST
	    ? FAIL_DB_SILENT_TLS
	    : FAIL_DB_SILENT;
}

/* It had the time from here to the deadline, and the forward was open.  What it
 * has said, if anything, was not the whole of what PostgreSQL would say. */
enum client_state
client_silent(struct client *client)
{
	const struct client_startup *startup = client->startup;
	const struct database_way way = way_of(client);
	int64_t from_ms = startup->asked_ms > startup->opened_ms
	    ? startup->asked_ms
	    : startup->opened_ms;
	bool heard = stream_was_heard(client->database, startup->heard_by_ms);

	if (heard && startup->answer_len > 0)
		return client_not_postgres(client);
	database_fault_silent(client_fault(client), &way, silence_of(startup),
	    client->deadline_ms - from_ms, heard);
	return client_refuse(client);
}
