/* SPDX-License-Identifier: PostgreSQL */

/*
 * Each fault names the path that was fine, then the database's own words.
 */
#include "client/database_fault.h"

#include <string.h>

#include "base/clock.h"
#include "base/stream.h"
#include "base/text.h"
#include "config/config.h"
#include "pg/pgwire.h"

/*
 * Enough of a foreign greeting to recognise the server: PGWIRE_ANSWER_MAX bytes
 * and a NUL.
 */
#define QUOTE_MAX 257

static void
note_opened(struct fault *fault, const struct database_way *way)
{
	int64_t since_ms = clock_ms() - way->opened_ms;

	fault_software(fault, way->software);
	fault_note(fault, "the connection to %s had been open for %s",
	    way->connection->label, clock_text(since_ms).text);
}

/* The tunnel was heard in time, so DETAIL may say that it is up. */
static void
note_path(struct fault *fault, const struct database_way *way)
{
	const struct config_jump *jump = way->connection->jump;

	if (jump != NULL)
		fault_note(fault, "the tunnel to jump box %s is up",
		    jump->label);
	note_opened(fault, way);
}

void
database_fault_foreign(struct fault *fault, const struct database_way *way,
    const void *answer, size_t len)
{
	char words[QUOTE_MAX];

	text_printable(words, sizeof words, answer, len);
	note_path(fault, way);
	fault_set(fault, FAIL_DB_NOT_POSTGRES, "\"%s\"", words);
}

/*
 * A server that meets an SSLRequest within TLS complains of this protocol
 * version, which is NEGOTIATE_SSL_CODE.  The number is the same in every
 * language of its messages.
 */
#define SSL_REQUEST_WORDS "1234.5679"

static enum failure
rejection(const struct pgwire_error_fields *error)
{
	if (error->sqlstate[0] == '\0')
		return FAIL_DB_CANNOT_FORK;
	return strstr(error->message, SSL_REQUEST_WORDS) != NULL
	    ? FAIL_DB_TLS_IN_FRONT
	    : FAIL_DB_REJECTED_EARLY;
}

void
database_fault_rejected(struct fault *fault, const struct database_way *way,
    const struct pgwire_error_fields *error)
{
	note_path(fault, way);
	if (error->sqlstate[0] != '\0')
		fault_set(fault, rejection(error), "%s (SQLSTATE %s)",
		    error->message, error->sqlstate);
	else
		fault_set(fault, rejection(error), "%s", error->message);
}

void
database_fault_hung_up(struct fault *fault, const struct database_way *way,
    enum failure code)
{
	if (way->lost != NULL)
		stream_fault(way->lost, fault);
	if (fault->code != FAIL_NONE)
		note_opened(fault, way);
	else
		note_path(fault, way);
	fault_set_code(fault, code);
}

void
database_fault_silent(struct fault *fault, const struct database_way *way,
    enum failure code, int64_t waited_ms, bool was_heard)
{
	if (was_heard)
		note_path(fault, way);
	else
		note_opened(fault, way);
	fault_set(fault, was_heard ? code : FAIL_TUNNEL_SILENT, "%s",
	    clock_text(waited_ms).text);
}
