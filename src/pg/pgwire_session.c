/* SPDX-License-Identifier: PostgreSQL */

/*
 * A session in the clear, message by message: which messages ask, and which
 * ones end.  Bodies that are not needed are skipped without a look.
 */
#include "pg/pgwire_session.h"

#include <string.h>

#include "pg/pgwire.h"

#define HEADER_LEN 5 /* type, length that counts itself */

/* One step of the scan finds a piece of one message. */
struct piece {
	char type;
	bool is_first, is_last;
	const unsigned char *body; /* NULL: header only */
	size_t len;
};

static bool
is_at_boundary(const struct pgwire_scan *scan)
{
	return !scan->is_broken && !scan->is_inside && scan->header_len == 0;
}

/* The header, once it is complete; NULL: more of it is to come. */
static const unsigned char *
gather_header(struct pgwire_scan *scan, const unsigned char **bytes,
    const unsigned char *end)
{
	const unsigned char *whole = *bytes;

	if (scan->header_len == 0 && end - whole >= HEADER_LEN) {
		*bytes += HEADER_LEN;
		return whole;
	}
	while (scan->header_len < HEADER_LEN && *bytes < end)
		scan->header[scan->header_len++] = *(*bytes)++;
	return scan->header_len == HEADER_LEN ? scan->header : NULL;
}

/* Take the bytes of a header; true when it is complete. */
static bool
scan_header(struct pgwire_scan *scan, const unsigned char **bytes,
    const unsigned char *end)
{
	const unsigned char *header = gather_header(scan, bytes, end);
	uint32_t len;

	if (header == NULL)
		return false;
	len = pgwire_int32(header + 1);
	scan->header_len = 0;
	scan->type = (char)header[0];
	scan->is_inside = true;
	scan->is_broken = len < 4 || len > INT32_MAX;
	scan->left = len - 4;
	return !scan->is_broken;
}

/* The next piece between *bytes and end; false when there is none. */
static bool
scan_next(struct pgwire_scan *scan, const unsigned char **bytes,
    const unsigned char *end, struct piece *piece)
{
	if (scan->is_broken || *bytes == end)
		return false;
	*piece = (struct piece){ .is_first = !scan->is_inside };
	if (piece->is_first) {
		if (!scan_header(scan, bytes, end))
			return false;
	} else {
		piece->body = *bytes;
		piece->len = (size_t)(end - *bytes);
		if (piece->len > scan->left)
			piece->len = scan->left;
		scan->left -= (uint32_t)piece->len;
		*bytes += piece->len;
	}
	piece->type = scan->type;
	piece->is_last = scan->left == 0;
	scan->is_inside = !piece->is_last;
	return true;
}

/* Query, Sync and FunctionCall are answered by one ReadyForQuery each. */
static void
asked(struct pgwire_session *session, char type)
{
	/* "Flush and Sync messages are ignored in copy-in mode." */
	if (type == 'S' && session->is_copying_in)
		return;
	session->owed++;
	session->is_unsynced = false;
	session->is_extended |= type == 'S';
	session->last_asked = type;
}

static void
front_message(struct pgwire_session *session, char type)
{
	switch (type) {
	case 'Q':
	case 'S':
	case 'F':
		asked(session, type);
		break;
	case 'X': /* Terminate: nothing is awaited */
		session->has_said_goodbye = true;
		break;
	case 'c': /* CopyDone */
	case 'f': /* CopyFail */
		session->is_copying_in = false;
		session->is_answering = true;
		break;
	case 'd': /* CopyData */
	case 'p': /* password, SASL, GSS */
		session->is_answering = true;
		session->has_given_password = true;
		break;
	default: /* Parse, Bind, Execute ...: a Sync must follow */
		session->is_unsynced = true;
		session->is_extended = true;
		break;
	}
}

void
pgwire_session_front(struct pgwire_session *session, const void *bytes,
    size_t len)
{
	const unsigned char *at = bytes, *end = at + len;
	struct piece piece;

	while (scan_next(&session->front, &at, end, &piece))
		if (piece.is_first)
			front_message(session, piece.type);
}

/*
 * CopyInResponse or CopyBothResponse: the server reads a Sync that was sent
 * before as part of the COPY, and ignores it, so it owes no answer to it.
 */
static void
copy_began(struct pgwire_session *session)
{
	session->is_copying_in = true;
	if (session->last_asked == 'S')
		session->owed = 0;
}

static void
ready(struct pgwire_session *session, char status)
{
	session->status = status;
	if (session->owed > 0)
		session->owed--;
	if (session->owed == 0) {
		session->is_answering = false;
		session->is_copying_in = false;
		session->is_extended = session->is_unsynced;
	}
}

static void
keep_error(struct pgwire_session *session, const struct piece *piece)
{
	size_t room, len = piece->len;

	if (piece->is_first)
		session->error_len = 0;
	room = PGWIRE_ERROR_KEPT - session->error_len;
	if (len > room)
		len = room;
	if (len > 0)
		memcpy(session->error + session->error_len, piece->body, len);
	session->error_len = (uint16_t)(session->error_len + len);
}

static void
error_ended(struct pgwire_session *session)
{
	struct pgwire_error_fields fields;

	session->is_copying_in = false;
	pgwire_error_fields(session->error, session->error_len, &fields);
	if (strcmp(fields.severity, "FATAL") == 0 ||
	    strcmp(fields.severity, "PANIC") == 0)
		session->is_over = true;
}

/*
 * A server that is stopped at once, or whose memory a crash may have damaged,
 * says no more than a notice with 57P01 or 57P02 before it closes.
 */
static void
notice_ended(struct pgwire_session *session)
{
	struct pgwire_error_fields fields;

	pgwire_error_fields(session->error, session->error_len, &fields);
	session->is_warned = strncmp(fields.sqlstate, "57P0", 4) == 0;
}

static void
back_piece(struct pgwire_session *session, const struct piece *piece)
{
	if (piece->is_first)
		session->is_warned = session->has_given_password = false;
	switch (piece->type) {
	case 'N': /* NoticeResponse */
		if (session->is_over)
			break;
		keep_error(session, piece);
		if (piece->is_last)
			notice_ended(session);
		break;
	case 'E':
		keep_error(session, piece);
		if (piece->is_last)
			error_ended(session);
		break;
	case 'Z':
		if (piece->is_last && piece->len > 0)
			ready(session, (char)piece->body[piece->len - 1]);
		break;
	case 'G': /* CopyInResponse */
	case 'W': /* CopyBothResponse */
		if (piece->is_first)
			copy_began(session);
		break;
	default:
		break;
	}
}

void
pgwire_session_back(struct pgwire_session *session, const void *bytes,
    size_t len)
{
	const unsigned char *at = bytes, *end = at + len;
	struct piece piece;

	while (scan_next(&session->back, &at, end, &piece))
		back_piece(session, &piece);
}

static bool
is_in_flight(const struct pgwire_session *session)
{
	return session->owed > 0 || session->is_unsynced ||
	    session->is_answering || session->is_copying_in ||
	    !is_at_boundary(&session->front);
}

enum pgwire_moment
pgwire_session_moment(const struct pgwire_session *session)
{
	if (!is_at_boundary(&session->back))
		return PGWIRE_CUT;
	if (session->is_over)
		return PGWIRE_OVER;
	if (session->status == 0)
		return PGWIRE_STARTING;
	if (!is_in_flight(session))
		return PGWIRE_IDLE;
	return session->is_extended ? PGWIRE_BUSY_EXTENDED : PGWIRE_BUSY;
}

bool
pgwire_session_is_at_rest(const struct pgwire_session *session)
{
	return pgwire_session_moment(session) == PGWIRE_IDLE &&
	    session->status == 'I';
}
