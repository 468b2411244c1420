/* SPDX-License-Identifier: PostgreSQL */

/*
 * What is said of a database that does not answer as PostgreSQL does, with the
 * evidence.  It never speaks for a tunnel that was silent itself.
 */
#include "client_blame.h"

#include "clock.h"
#include "config.h"
#include "stream.h"

/* How long the forward had been open: the evidence in DETAIL. */
static void
note_opened(struct client *client)
{
	int64_t since_ms = clock_ms() - client->startup->opened_ms;

	fault_note(client_fault(client),
	    "the connection to %s had been open for %s",
	    client->home->connection->label, clock_text(since_ms).text);
}

/* Where the tunnel is above suspicion. */
static void
note_path(struct client *client)
{
	const struct config_jump *jump = client->home->connection->jump;

	if (jump != NULL)
		fault_note(client_fault(client),
		    "the tunnel to jump box %s is up", jump->label);
	note_opened(client);
}

enum client_state
client_not_postgres(struct client *client)
{
	const struct client_startup *startup = client->startup;
	char words[sizeof startup->answer + 1];

	text_printable(words, sizeof words, startup->answer,
	    startup->answer_len);
	note_path(client);
	return client_fail(client, FAIL_DB_NOT_POSTGRES, "\"%s\"", words);
}

enum client_state
client_hung_up(struct client *client, bool is_lost)
{
	const struct client_startup *startup = client->startup;

	if (startup->answer_len > 0 && !is_lost)
		return client_not_postgres(client);
	if (is_lost)
		stream_fault(client->database, client_fault(client));
	if (client_fault(client)->code != FAIL_NONE)
		note_opened(client);
	else
		note_path(client);
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

	if (!stream_was_heard(client->database, startup->heard_by_ms)) {
		note_opened(client);
		return client_fail(client, FAIL_TUNNEL_SILENT, "%s",
		    clock_text(client->deadline_ms - from_ms).text);
	}
	note_path(client);
	return client_fail(client, FAIL_DB_SILENT, "%s",
	    clock_text(client->deadline_ms - from_ms).text);
}
