/* SPDX-License-Identifier: PostgreSQL */

/*
 * libssh2 gives the same error for a web server and for an sshd that is too
 * old, so we look at what came over the socket ourselves.
 */
#include "ssh/peer.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "pg/pgwire.h"

/* This much of what a stranger said fits into a message. */
#define QUOTE_MAX 60

/* OpenSSH says this in place of its banner, and then closes. */
static const char *const doormen[] = {
	"Not allowed at this time",
	"Exceeded MaxStartups",
};

/* An alert record: type, version (2), length (2), level, number. */
#define ALERT     21
#define ALERT_LEN 7

/* RFC 8446, 6: the alerts with which a TLS server may answer an SSH banner. */
static const struct {
	unsigned char number;
	const char *name;
} alerts[] = {
	{ 10, "unexpected_message" },
	{ 22, "record_overflow" },
	{ 40, "handshake_failure" },
	{ 47, "illegal_parameter" },
	{ 50, "decode_error" },
	{ 70, "protocol_version" },
	{ 71, "insufficient_security" },
	{ 80, "internal_error" },
	{ 112, "unrecognized_name" },
};

/* A TLS record: content type 20 to 23, major version 3 (RFC 8446, 5.1). */
bool
ssh_peer_is_tls(const unsigned char *bytes, size_t len)
{
	return len >= 2 && bytes[0] >= 20 && bytes[0] <= 23 && bytes[1] == 3;
}

/* PgBouncer answers an SSH banner with an ErrorResponse. */
static bool
is_postgres(const struct ssh_heard *heard)
{
	struct pgwire_error_fields fields;

	return pgwire_refusal(heard->bytes, heard->len, &fields) ==
	    PGWIRE_ANSWER_PLAUSIBLE;
}

static bool
is_doorman(const struct ssh_heard *heard)
{
	for (size_t i = 0; i < sizeof doormen / sizeof *doormen; i++) {
		size_t len = strlen(doormen[i]);

		if (heard->len >= len &&
		    memcmp(heard->bytes, doormen[i], len) == 0)
			return true;
	}
	return false;
}

/* 1.99 is a server of protocol 2 that also speaks 1 (RFC 4253, 5.1). */
static bool
is_protocol_1(const char *line)
{
	return strncmp(line, "SSH-1.", 6) == 0 &&
	    strncmp(line, "SSH-1.99", 8) != 0;
}

const unsigned char *
ssh_peer_begun_banner(const struct ssh_heard *heard)
{
	const unsigned char *line = memrchr(heard->bytes, '\n', heard->len);
	size_t len;

	line = line != NULL ? line + 1 : heard->bytes;
	len = heard->len - (size_t)(line - heard->bytes);
	if (len == 0 || memcmp(line, "SSH-", len < 4 ? len : 4) != 0)
		return NULL;
	return line;
}

enum ssh_peer
ssh_peer_of(const char *banner, const struct ssh_heard *heard)
{
	if (is_protocol_1(banner))
		return SSH_PEER_SSH_1;
	if (strncmp(banner, "SSH-", 4) == 0)
		return SSH_PEER_SSH;
	if (heard->len == 0)
		return SSH_PEER_SILENT;
	if (ssh_peer_begun_banner(heard) != NULL)
		return SSH_PEER_SSH;
	if (ssh_peer_is_tls(heard->bytes, heard->len))
		return SSH_PEER_TLS;
	if (is_postgres(heard))
		return SSH_PEER_POSTGRES;
	return is_doorman(heard) ? SSH_PEER_DOORMAN : SSH_PEER_OTHER;
}

static void
quote(const struct ssh_heard *heard, char *words, size_t size)
{
	size_t len = heard->len < QUOTE_MAX ? heard->len : QUOTE_MAX;
	char text[QUOTE_MAX + 1];

	text_printable(text, sizeof text, heard->bytes, len);
	snprintf(words, size, "\"%s\"", text);
}

/* The name of an alert; "" where it is none of those above. */
static const char *
alert_name(const struct ssh_heard *heard)
{
	if (heard->bytes[0] == ALERT && heard->len >= ALERT_LEN)
		for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
			if (alerts[i].number == heard->bytes[ALERT_LEN - 1])
				return alerts[i].name;
	return "";
}

/* A record holds no text, so its bytes are shown in hex. */
static void
describe_tls(const struct ssh_heard *heard, char *words, size_t size)
{
	size_t len = heard->len < ALERT_LEN ? heard->len : ALERT_LEN;
	const char *name = alert_name(heard);
	char hex[3 * ALERT_LEN + 1] = "";

	for (size_t i = 0; i < len; i++)
		snprintf(hex + 3 * i, 4, " %02x", heard->bytes[i]);
	snprintf(words, size, "bytes%s%s%s", hex,
	    name[0] != '\0' ? ", alert " : "", name);
}

static void
describe_postgres(const struct ssh_heard *heard, char *words, size_t size)
{
	struct pgwire_error_fields fields;
	char text[QUOTE_MAX + 1];

	pgwire_refusal(heard->bytes, heard->len, &fields);
	text_printable(text, sizeof text, fields.message,
	    strlen(fields.message));
	snprintf(words, size, "\"%s\"", text);
}

void
ssh_peer_describe(const struct ssh_heard *heard, char *words, size_t size)
{
	if (ssh_peer_is_tls(heard->bytes, heard->len))
		describe_tls(heard, words, size);
	else if (is_postgres(heard))
		describe_postgres(heard, words, size);
	else
		quote(heard, words, size);
}
