/* SPDX-License-Identifier: PostgreSQL */

/*
 * Where a session in the clear stands, judged from the framing of its messages
 * alone: is a message cut, is an answer owed, has the database ended it?
 * Source: "Message Flow" in the chapter "Frontend/Backend Protocol" of the
 * PostgreSQL documentation.
 */
#ifndef PGJUMP_PG_PGWIRE_SESSION_H
#define PGJUMP_PG_PGWIRE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One direction of framing: where its next header begins. */
struct pgwire_scan {
	unsigned char header[5]; /* of a message that came in pieces */
	unsigned char header_len;
	char type;
	bool is_inside; /* the header is complete, the body is not */
	bool is_broken; /* a length below 4: the framing is lost */
	uint32_t left;  /* bytes of the body that are to come */
};

/*
 * Bytes of an ErrorResponse or a NoticeResponse that are kept: enough for
 * severity, SQLSTATE and message.
 */
#define PGWIRE_ERROR_KEPT 512

/*
 * A session in the clear, followed from behind the StartupMessage.  Zeroed, it
 * has not begun.  Its size is constant, and its work is per message.
 */
struct pgwire_session {
	struct pgwire_scan front, back;
	unsigned owed; /* ReadyForQuery for Query, Sync and FunctionCall */
	bool
	    is_unsynced; /* extended-query messages that no Sync has followed */
	bool is_extended;  /* what is owed belongs to the extended protocol */
	bool is_answering; /* password or COPY data since the last ReadyForQuery
			    */
	bool is_copying_in; /* the database reads COPY data and ignores Sync */
	char last_asked;    /* type of the last Query, Sync or FunctionCall */
	char status;        /* of the last ReadyForQuery; 0 before the first */
	bool is_over;       /* the database said FATAL or PANIC */
	bool is_warned; /* its last message is a notice that the server stops */
	bool has_given_password; /* as its last word; nothing has come since */
	bool has_said_goodbye;   /* the client: Terminate */
	uint16_t error_len; /* of the last ErrorResponse or NoticeResponse */
	unsigned char error[PGWIRE_ERROR_KEPT];
};

void pgwire_session_front(struct pgwire_session *, const void *bytes,
    size_t len);
void pgwire_session_back(struct pgwire_session *, const void *bytes,
    size_t len);

/* Where a session stands when it must be ended. */
enum pgwire_moment {
	PGWIRE_CUT,           /* inside a message: nothing may be written */
	PGWIRE_OVER,          /* the database itself has ended it */
	PGWIRE_STARTING,      /* before the first ReadyForQuery */
	PGWIRE_BUSY,          /* an answer is owed, or may be */
	PGWIRE_BUSY_EXTENDED, /* the same, in the extended query protocol */
	PGWIRE_IDLE,
};

enum pgwire_moment pgwire_session_moment(const struct pgwire_session *);

/* Idle and outside a transaction: ending it harms nobody. */
bool pgwire_session_is_at_rest(const struct pgwire_session *);

#endif
