/* SPDX-License-Identifier: PostgreSQL */

/*
 * What is said of a database that does not answer as PostgreSQL does, with the
 * evidence.  It never speaks for a tunnel that was silent itself.
 */
#include "client_blame.h"

#include "clock.h"
#include "config.h"
#include "stream.h"

/* The way, and how long the forward had been open: the evidence in DETAIL. */
static void
note_opened(struct client *client)
{
	const struct client_startup *startup = client->startup;
	const struct config_connection *connection = client->home->connection;
	int64_t since_ms = clock_ms() - startup->opened_ms;

	if (connection->jump != NULL)
		fault_note(client_fault(client),
		    "the tunnel to jump box %s is up", connection->jump->label);
	fault_note(client_fault(client),
	    "the connection to %s had been open for %s", connection->label,
	    clock_text(since_ms).text);
}

enum client_state
client_not_postgres(struct client *client)
{
	const struct client_startup *startup = client->startup;
	char words[sizeof startup->answer + 1];

	text_printable(words, sizeof words, startup->answer,
	    startup->answer_len);
	note_opened(client);
	return client_fail(client, FAIL_DB_NOT_POSTGRES, "\"%s\"", words);
}

enum client_state
client_hung_up(struct client *client, bool is_lost)
{
	const struct client_startup *startup = client->startup;

	if (startup->answer_len > 0 && !is_lost)
		return client_not_postgres(client);
	note_opened(client);
	if (is_lost)
		stream_fault(client->database, client->fault);
	fault_set(client->fault,
	    startup->was_answered ? FAIL_DB_HANGUP : FAIL_DB_CLOSED, "%s", "");
	return client_refuse(client);
}

/* It had the time from here to the deadline, and the forward was open. */
enum client_state
client_silent(struct client *client)
{
	const struct client_startup *startup = client->startup;
	int64_t from_ms = startup->asked_ms > startup->opened_ms
	    ? startup->asked_ms
	    : startup->opened_ms;

	note_opened(client);
	if (!stream_was_heard(client->database, startup->heard_by_ms))
		return client_fail(client, FAIL_TUNNEL_SILENT, "%s",
		    clock_text(client->deadline_ms - from_ms).text);
	return client_fail(client, FAIL_DB_SILENT, "%s",
	    clock_text(client->deadline_ms - from_ms).text);
}
