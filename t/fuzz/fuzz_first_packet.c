/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whatever a client or a database sends first, and whatever follows: nothing
 * is read past its end, and what is told never depends on how the bytes were
 * cut into reads.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pg/pgwire.h"
#include "pg/pgwire_session.h"

static void
check_packet(const uint8_t *data, size_t len)
{
	struct pgwire_packet packet = pgwire_packet(data, len);

	assert(packet.len <= len && packet.len <= PGWIRE_PACKET_MAX);
	assert((packet.kind >= PGWIRE_MALFORMED) == (packet.what != NULL));
	if (packet.kind == PGWIRE_MORE)
		assert(len < PGWIRE_PACKET_MAX);
	if (packet.len > 0) {
		assert(pgwire_packet(data, packet.len).kind == packet.kind);
		assert(pgwire_packet(data, packet.len - 1).kind == PGWIRE_MORE);
	}
	pgwire_can_read_error(data, len);
	pgwire_answer(data, len);
}

static void
check_error(const uint8_t *data, size_t len)
{
	struct pgwire_error_fields fields;

	if (pgwire_refusal(data, len, &fields) == PGWIRE_ANSWER_PLAUSIBLE)
		assert(data[0] == 'E');
	pgwire_error_fields(data, len, &fields);
	assert(strlen(fields.severity) < sizeof fields.severity);
	assert(strcmp(fields.sqlstate, PGWIRE_SQLSTATE_UNKNOWN) == 0 ||
	    (strlen(fields.sqlstate) == 5 &&
		pgwire_is_sqlstate(fields.sqlstate)));
	assert(strlen(fields.message) < sizeof fields.message);
}

/* One direction at a time, at once and in reads of `piece` bytes. */
static void
check_session(const uint8_t *data, size_t len, size_t piece)
{
	struct pgwire_session whole = { 0 }, cut = { 0 };
	size_t half = len / 2;

	pgwire_session_back(&whole, data, half);
	pgwire_session_front(&whole, data + half, len - half);
	for (size_t at = 0; at < half; at += piece)
		pgwire_session_back(&cut, data + at,
		    half - at < piece ? half - at : piece);
	for (size_t at = half; at < len; at += piece)
		pgwire_session_front(&cut, data + at,
		    len - at < piece ? len - at : piece);
	assert(pgwire_session_moment(&whole) == pgwire_session_moment(&cut));
	assert(whole.error_len == cut.error_len);
	assert(memcmp(whole.error, cut.error, whole.error_len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	check_packet(data, len);
	check_error(data, len);
	check_session(data, len, len > 0 ? 1 + data[0] % 16U : 1);
	return 0;
}
