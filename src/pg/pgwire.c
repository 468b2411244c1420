/* SPDX-License-Identifier: PostgreSQL */

/*
 * Tables tell apart the first bytes of clients and the answers of servers.
 * Everything here is pure: no memory, no clock, no log.
 */
#include "pg/pgwire.h"

#include <string.h>

#define STARTUP_MIN 8
#define STARTUP_MAX 10000 /* MAX_STARTUP_PACKET_LENGTH of the server */

const unsigned char pgwire_ssl_request[] = { 0, 0, 0, 8, 4, 210, 22, 47 };

uint32_t
pgwire_int32(const void *bytes)
{
	const unsigned char *at = bytes;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	    (uint32_t)at[2] << 8 | at[3];
}

static void
put32(unsigned char *bytes, uint32_t value)
{
	bytes[0] = (unsigned char)(value >> 24);
	bytes[1] = (unsigned char)(value >> 16);
	bytes[2] = (unsigned char)(value >> 8);
	bytes[3] = (unsigned char)value;
}

/* --- The first packet ----------------------------------------------------- */

/*
 * A start-up packet is an int32 length, an int32 code and a body.  The key of a
 * cancel request has 4 to 256 bytes (protocol 3.2).
 */
static const struct startup_form {
	uint32_t code, mask;
	uint32_t min, max; /* length */
	enum pgwire_kind kind;
} startup_forms[] = {
	{ 80877103, UINT32_MAX, 8, 8, PGWIRE_SSL_REQUEST },
	{ 80877104, UINT32_MAX, 8, 8, PGWIRE_GSSENC_REQUEST },
	{ 80877102, UINT32_MAX, 16, 268, PGWIRE_CANCEL_REQUEST },
	{ 3U << 16, 0xffff0000, STARTUP_MIN, STARTUP_MAX, PGWIRE_STARTUP },
};

/* Other protocols that are spoken to a database's port by mistake. */
static const struct opening {
	const char *bytes;
	enum pgwire_kind kind;
	const char *what;
} openings[] = {
	{ "GET ", PGWIRE_HTTP, "an HTTP request" },
	{ "HEAD ", PGWIRE_HTTP, "an HTTP request" },
	{ "POST ", PGWIRE_HTTP, "an HTTP request" },
	{ "PUT ", PGWIRE_HTTP, "an HTTP request" },
	{ "PATCH ", PGWIRE_HTTP, "an HTTP request" },
	{ "DELETE ", PGWIRE_HTTP, "an HTTP request" },
	{ "OPTIONS ", PGWIRE_HTTP, "an HTTP request" },
	{ "CONNECT ", PGWIRE_HTTP, "an HTTP request" },
	{ "PRI * HTTP/2", PGWIRE_HTTP, "an HTTP/2 request" },
	{ "SSH-", PGWIRE_FOREIGN, "an SSH banner" },
	{ "*", PGWIRE_FOREIGN, "a Redis command" },
	{ "PING\r\n", PGWIRE_FOREIGN, "a Redis command" },
};

static const struct startup_form *
startup_form(uint32_t code)
{
	const struct startup_form *form = startup_forms;
	const struct startup_form *end = form +
	    sizeof startup_forms / sizeof *startup_forms;

	while (form < end && (code & form->mask) != form->code)
		form++;
	return form < end ? form : NULL;
}

static struct pgwire_packet
foreign(const char *what)
{
	return (struct pgwire_packet){ PGWIRE_FOREIGN, 0, what };
}

/* Names and values, each with a NUL behind it, and one more NUL at the end. */
static bool
is_parameter_list(const unsigned char *at, const unsigned char *end)
{
	bool is_name = true;

	while (at < end && !(is_name && *at == '\0')) {
		at += strnlen((const char *)at, (size_t)(end - at)) + 1;
		is_name = !is_name;
	}
	return at == end - 1;
}

static struct pgwire_packet
startup_packet(const unsigned char *bytes, size_t len)
{
	const struct startup_form *form;
	uint32_t said;

	if (len >= 4 && pgwire_int32(bytes) < STARTUP_MIN)
		return foreign("a packet of impossible length");
	if (len < STARTUP_MIN)
		return (struct pgwire_packet){ .kind = PGWIRE_MORE };
	said = pgwire_int32(bytes);
	form = startup_form(pgwire_int32(bytes + 4));
	if (form == NULL)
		return foreign(said > STARTUP_MAX
			? "a packet of impossible length"
			: "a start-up packet of an unknown protocol version");
	if (said < form->min || said > form->max)
		return (struct pgwire_packet){ PGWIRE_MALFORMED, 0,
			"its length is impossible" };
	if (len < said)
		return (struct pgwire_packet){ .kind = PGWIRE_MORE };
	if (form->kind == PGWIRE_STARTUP &&
	    !is_parameter_list(bytes + STARTUP_MIN, bytes + said))
		return (struct pgwire_packet){ PGWIRE_MALFORMED, 0,
			"its parameters do not end where it ends" };
	return (struct pgwire_packet){ form->kind, said, NULL };
}

/* A record of type 22, version 3.x; in it a handshake message of type 1. */
static struct pgwire_packet
tls_record(const unsigned char *bytes, size_t len)
{
	size_t record_len;

	if (len >= 2 && bytes[1] != 3)
		return foreign("bytes of an unknown protocol");
	if (len < 6)
		return (struct pgwire_packet){ .kind = PGWIRE_MORE };
	record_len = (size_t)bytes[3] << 8 | bytes[4];
	if (record_len < 4 || 5 + record_len > PGWIRE_PACKET_MAX ||
	    bytes[5] != 1)
		return foreign("a TLS record that is no ClientHello");
	if (len < 5 + record_len)
		return (struct pgwire_packet){ .kind = PGWIRE_MORE };
	return (struct pgwire_packet){ PGWIRE_TLS, 5 + record_len, NULL };
}

static struct pgwire_packet
other_protocol(const unsigned char *bytes, size_t len)
{
	const size_t count = sizeof openings / sizeof *openings;
	bool may_become = false;

	for (size_t i = 0; i < count; i++) {
		size_t want = strlen(openings[i].bytes);

		if (memcmp(bytes, openings[i].bytes, len < want ? len : want))
			continue;
		if (len >= want)
			return (struct pgwire_packet){ openings[i].kind, 0,
				openings[i].what };
		may_become = true;
	}
	if (may_become)
		return (struct pgwire_packet){ .kind = PGWIRE_MORE };
	return foreign("bytes of an unknown protocol");
}

struct pgwire_packet
pgwire_packet(const void *bytes, size_t len)
{
	const unsigned char *first = bytes;

	if (len == 0)
		return (struct pgwire_packet){ .kind = PGWIRE_MORE };
	if (*first == 0)
		return startup_packet(first, len);
	if (*first == 0x16)
		return tls_record(first, len);
	return other_protocol(first, len);
}

bool
pgwire_can_read_error(const void *bytes, size_t len)
{
	const unsigned char *first = bytes;

	return len >= 8 && first[0] == 0 &&
	    startup_form(pgwire_int32(first + 4)) != NULL;
}

/* --- The first answer ----------------------------------------------------- */

/* An ErrorResponse of protocol 3 has a 0 there, as it is shorter than 16 MB. */
bool
pgwire_is_unframed(const void *bytes, size_t len)
{
	const char *at = bytes;

	return len >= 2 && at[0] == 'E' && at[1] != '\0';
}

/* A line of text in any encoding, and a NUL. */
static enum pgwire_answer
unframed(const unsigned char *bytes, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		bool is_last = i + 1 == len || bytes[i + 1] == '\0';

		if (bytes[i] == '\0')
			return PGWIRE_ANSWER_PLAUSIBLE;
		if (bytes[i] < ' ' && !(bytes[i] == '\n' && is_last))
			return PGWIRE_ANSWER_FOREIGN;
	}
	return len < PGWIRE_ANSWER_MAX ? PGWIRE_ANSWER_MORE
				       : PGWIRE_ANSWER_FOREIGN;
}

enum pgwire_answer
pgwire_answer(const void *bytes, size_t len)
{
	static const struct {
		char type;
		uint32_t max;
	} answers[] = { { 'R', 10000 }, { 'v', 10000 }, { 'E', 29999 },
		{ 'N', 29999 } };
	const unsigned char *first = bytes;

	if (len == 0)
		return PGWIRE_ANSWER_MORE;
	if (pgwire_is_unframed(bytes, len))
		return unframed(bytes, len);
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		if (*first != answers[i].type)
			continue;
		if (len < 5)
			return PGWIRE_ANSWER_MORE;
		return pgwire_int32(first + 1) >= 8 &&
			pgwire_int32(first + 1) <= answers[i].max
		    ? PGWIRE_ANSWER_PLAUSIBLE
		    : PGWIRE_ANSWER_FOREIGN;
	}
	return PGWIRE_ANSWER_FOREIGN;
}

/*
 * Where AuthenticationSASL begins, perhaps behind a NegotiateProtocolVersion;
 * NULL: there is none.
 */
static const unsigned char *
find_sasl(const unsigned char *at, size_t len)
{
	const unsigned char *end = at + len;

	if (len >= 5 && *at == 'v' && pgwire_int32(at + 1) < len)
		at += 1 + pgwire_int32(at + 1);
	return end - at >= 9 && *at == 'R' &&
		pgwire_int32(at + 1) == (size_t)(end - at) - 1 &&
		pgwire_int32(at + 5) == 10
	    ? at
	    : NULL;
}

bool
pgwire_is_sasl_request(const void *bytes, size_t len)
{
	return find_sasl(bytes, len) != NULL;
}

/* A name with its NUL, such as "SCRAM-SHA-256-PLUS" (RFC 5802, 4). */
static bool
is_bound(const char *mechanism, size_t len)
{
	return len > 5 && memcmp(mechanism + len - 6, "-PLUS", 6) == 0;
}

size_t
pgwire_unbind(void *bytes, size_t len)
{
	char *first = bytes, *to;
	const char *found = (const char *)find_sasl(bytes, len);
	const char *end = first + len;
	size_t name_len;

	if (found == NULL)
		return len;
	to = first + (found - first) + 9;
	for (const char *name = to; name < end; name += name_len) {
		name_len = strnlen(name, (size_t)(end - name) - 1) + 1;
		if (is_bound(name, name_len))
			continue;
		memmove(to, name, name_len);
		to += name_len;
	}
	put32((unsigned char *)first + (found - first) + 1,
	    (uint32_t)(to - found) - 1);
	return (size_t)(to - first);
}

/* --- Building ------------------------------------------------------------- */

void
pgwire_ready(unsigned char buf[PGWIRE_READY_LEN], char last)
{
	buf[0] = 'Z';
	put32(buf + 1, PGWIRE_READY_LEN - 1);
	buf[5] = last == 'I' ? 'I' : 'E';
}

/*
 * A field is a code, a text and a NUL.  Two bytes of room are left at the end.
 */
static size_t
put_field(unsigned char *buf, size_t used, char code, const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;
	size_t room = PGWIRE_ERROR_MAX - used;

	if (len == 0 || room < 8)
		return used;
	if (len > room - 4)
		len = room - 4;
	buf[used++] = (unsigned char)code;
	memcpy(buf + used, text, len);
	used += len;
	buf[used++] = '\0';
	return used;
}

size_t
pgwire_error(unsigned char buf[PGWIRE_ERROR_MAX],
    const struct pgwire_text *text)
{
	size_t used = 5;

	used = put_field(buf, used, 'S', text->severity);
	used = put_field(buf, used, 'V', text->severity);
	used = put_field(buf, used, 'C', text->sqlstate);
	used = put_field(buf, used, 'M', text->message);
	used = put_field(buf, used, 'D', text->detail);
	used = put_field(buf, used, 'H', text->hint);
	buf[used++] = '\0';
	buf[0] = 'E';
	put32(buf + 1, (uint32_t)(used - 1));
	return used;
}

/* --- Reading an ErrorResponse --------------------------------------------- */

/* Cut between characters, if the text is UTF-8. */
static void
copy_text(char *out, size_t size, const char *text, size_t len)
{
	if (len > size - 1) {
		len = size - 1;
		for (int i = 0; i < 3 && len > 0; i++)
			if (((unsigned char)text[len] & 0xc0) == 0x80)
				len--;
	}
	memcpy(out, text, len);
	out[len] = '\0';
}

bool
pgwire_is_sqlstate(const char *text)
{
	for (int i = 0; i < 5; i++)
		if (!((text[i] >= '0' && text[i] <= '9') ||
			(text[i] >= 'A' && text[i] <= 'Z')))
			return false;
	return true;
}

/* `text` holds `len` bytes. */
static void
copy_sqlstate(char out[6], const char *text, size_t len)
{
	copy_text(out, 6, PGWIRE_SQLSTATE_UNKNOWN, 1);
	if (len == 5 && pgwire_is_sqlstate(text))
		copy_text(out, 6, text, len);
}

void
pgwire_error_fields(const void *body, size_t len,
    struct pgwire_error_fields *fields)
{
	const char *at = body, *end = at + len;

	memset(fields, 0, sizeof *fields);
	copy_sqlstate(fields->sqlstate, "", 0);
	while (at < end && *at != '\0') {
		char code = *at++;
		size_t text_len = strnlen(at, (size_t)(end - at));

		/* V comes after S and is never localised. */
		if (code == 'S' || code == 'V')
			copy_text(fields->severity, sizeof fields->severity, at,
			    text_len);
		else if (code == 'C')
			copy_sqlstate(fields->sqlstate, at, text_len);
		else if (code == 'M')
			copy_text(fields->message, sizeof fields->message, at,
			    text_len);
		at += text_len < (size_t)(end - at) ? text_len + 1 : text_len;
	}
}

/* 'E', an int32 length and the fields, of which the severity comes first. */
static enum pgwire_answer
framed(const unsigned char *bytes, size_t len)
{
	enum pgwire_answer answer = pgwire_answer(bytes, len);

	if (bytes[0] != 'E')
		return PGWIRE_ANSWER_FOREIGN;
	if (answer != PGWIRE_ANSWER_PLAUSIBLE)
		return answer;
	if (len > 5 && bytes[5] != 'S')
		return PGWIRE_ANSWER_FOREIGN;
	return len > pgwire_int32(bytes + 1) || len >= PGWIRE_ANSWER_MAX
	    ? PGWIRE_ANSWER_PLAUSIBLE
	    : PGWIRE_ANSWER_MORE;
}

enum pgwire_answer
pgwire_refusal(const void *bytes, size_t len,
    struct pgwire_error_fields *fields)
{
	const char *first = bytes;
	enum pgwire_answer answer;

	memset(fields, 0, sizeof *fields);
	if (len == 0)
		return PGWIRE_ANSWER_MORE;
	answer = pgwire_is_unframed(bytes, len) ? unframed(bytes, len)
						: framed(bytes, len);
	if (answer != PGWIRE_ANSWER_PLAUSIBLE)
		return answer;
	if (pgwire_is_unframed(bytes, len))
		copy_text(fields->message, sizeof fields->message, first + 1,
		    strcspn(first + 1, "\n"));
	else
		pgwire_error_fields(first + 5, len - 5, fields);
	return answer;
}

/* Behind length and version: names and values in turn, then an empty name. */
const char *
pgwire_parameter(const void *packet, size_t len, const char *name)
{
	const char *at = (const char *)packet + 8;
	const char *end = (const char *)packet + len;

	while (at < end && *at != '\0') {
		const char *key = at, *value = NULL, *stop;

		stop = memchr(at, '\0', (size_t)(end - at));
		if (stop != NULL && stop + 1 < end)
			value = stop + 1;
		stop = value != NULL
		    ? memchr(value, '\0', (size_t)(end - value))
		    : NULL;
		if (stop == NULL)
			return NULL;
		if (strcmp(key, name) == 0)
			return value;
		at = stop + 1;
	}
	return NULL;
}
