/* SPDX-License-Identifier: PostgreSQL */

/*
 * The messages of libpq are written for people.  This file relies only on a
 * SQLSTATE, and on words of libpq, which stay English since pgjump calls no
 * setlocale(3).
 */
#include "check/refusal.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "pg/pgwire.h"

/*
 * A verbose message is "FATAL:  28P01: password authentication failed ...".  Of
 * several attempts the first counts, which is the one with TLS.
 */
static bool
read_refusal(const char *said, struct check_refusal *refusal)
{
	static const char marker[] = ":  ";
	const char *at = said;

	while ((at = strstr(at, marker)) != NULL) {
		at += strlen(marker);
		if (!pgwire_is_sqlstate(at) || strncmp(at + 5, ": ", 2) != 0)
			continue;
		memcpy(refusal->sqlstate, at, 5);
		at += 7;
		text_printable(refusal->message, sizeof refusal->message, at,
		    strcspn(at, "\n"));
		return true;
	}
	return false;
}

/* Skip "connection to server at ... failed: ", which names our door, and the
 * line end with which libpq begins where an error was too long for it. */
static const char *
without_place(const char *said)
{
	static const char marker[] = " failed: ";
	const char *at = strncmp(said, "connection to server", 20) == 0
	    ? strstr(said, marker)
	    : NULL;

	at = at != NULL ? at + strlen(marker) : said;
	return at + strspn(at, "\n");
}

/* Words of libpq where the database sent no error; the first row that fits. */
static const struct {
	const char *marker;
	enum failure code;
} kinds[] = {
	{ "closed the connection unexpectedly", FAIL_DB_HANGUP },
	{ "SSL", FAIL_DB_TLS_FAILED },
	{ "certificate", FAIL_DB_TLS_FAILED },
	/* The database breaks the protocol. */
	{ "expected authentication request", FAIL_DB_NOT_POSTGRES },
	{ "invalid authentication request", FAIL_DB_NOT_POSTGRES },
	{ "received invalid", FAIL_DB_NOT_POSTGRES },
	{ "lost synchronization", FAIL_DB_NOT_POSTGRES },
	{ "do not agree with length", FAIL_DB_NOT_POSTGRES },
	{ "unexpected message from server", FAIL_DB_NOT_POSTGRES },
	{ "unexpected response from server", FAIL_DB_NOT_POSTGRES },
	{ "malformed SCRAM message", FAIL_DB_NOT_POSTGRES },
};

static enum failure
kind_of(const char *words)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strstr(words, kinds[i].marker) != NULL)
			return kinds[i].code;
	return FAIL_DB_REJECTED;
}

enum failure
check_refusal_read(const char *said, bool was_given_password,
    struct check_refusal *refusal, struct fault *fault)
{
	const char *words = without_place(said);
	enum failure code = kind_of(words);

	if (read_refusal(said, refusal))
		return fault_set(fault, FAIL_DB_REJECTED, "%s (SQLSTATE %s)",
		    refusal->message, refusal->sqlstate);
	text_printable(refusal->message, sizeof refusal->message, words,
	    strcspn(words, "\n"));
	if (code == FAIL_DB_NOT_POSTGRES)
		return fault_set(fault, code,
		    "nothing that libpq takes for a login (%s)",
		    refusal->message);
	if (code == FAIL_DB_HANGUP)
		return fault_set_code(fault,
		    was_given_password ? FAIL_DB_HANGUP_PASSWORD : code);
	return fault_set(fault, code, "%s", refusal->message);
}
