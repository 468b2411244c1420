/* SPDX-License-Identifier: PostgreSQL */

/*
 * A table of moments in a session, and the error that each of them allows.
 */
#include "client/last_words.h"

#include "base/fault.h"

/*
 * The error for each moment.  A busy client gets ReadyForQuery behind FATAL:
 * without it psycopg2, asyncpg and lib/pq lose the text, and lib/pq runs the
 * statement again.  An idle client gets none, because asyncpg fails on a
 * ReadyForQuery that it did not ask for.  In the extended protocol the error is
 * an ERROR, because lib/pq runs the statement again after any FATAL.
 */
static const struct last_words {
	const char *severity; /* NULL: nothing may be said */
	const char *sqlstate; /* NULL: that of the stage, no session was up */
	bool is_ready;        /* ReadyForQuery follows */
} last_words[] = {
	[PGWIRE_CUT] = { NULL, NULL, false },
	[PGWIRE_OVER] = { NULL, NULL, false },
	[PGWIRE_STARTING] = { "FATAL", NULL, false },
	[PGWIRE_BUSY] = { "FATAL", "08006", true },
	[PGWIRE_BUSY_EXTENDED] = { "ERROR", "08006", true },
	[PGWIRE_IDLE] = { "FATAL", "57P01", false },
};

size_t
last_words_write(unsigned char buf[LAST_WORDS_MAX], const struct fault *fault,
    const struct pgwire_session *session)
{
	const struct last_words
	    *words = &last_words[pgwire_session_moment(session)];
	char message[2 * FAULT_DETAIL_MAX], hint[2 * FAULT_PEER_MAX];
	struct pgwire_text text = { .severity = words->severity,
		.sqlstate = words->sqlstate,
		.message = message,
		.detail = fault->detail,
		.hint = hint };
	size_t len;

	if (words->severity == NULL)
		return 0;
	fault_hint(fault, hint, sizeof hint);
	fault_message_mid_session(fault, message, sizeof message);
	if (words->sqlstate == NULL) {
		text.sqlstate = failure_stage(fault->code)->sqlstate;
		fault_message(fault, message, sizeof message);
	}
	len = pgwire_error(buf, &text);
	if (words->is_ready) {
		pgwire_ready(buf + len, session->status);
		len += PGWIRE_READY_LEN;
	}
	return len;
}
