/* SPDX-License-Identifier: PostgreSQL */

/*
 * Reasons and words of a refused forward, translated.  Most words are
 * strerror() and gai_strerror() texts of the jump box; servers in other
 * languages have their own.  Measured with OpenSSH 9.2 to 10.6, dropbear
 * 2022.83 to 2026.94, AsyncSSH 2.10, Erlang/OTP 25, Go's x/crypto/ssh with
 * gliderlabs/ssh 0.3, dev-tunnels-ssh 3.12, Twisted 22.4, libssh 0.10;
 * paramiko's and ssh2's servers send none.
 */
#include "ssh/failure.h"

#include <libssh2.h>
#include <stddef.h>
#include <string.h>

/* RFC 4254, 5.1. */
enum {
	OPEN_PROHIBITED = 1,
	OPEN_UNKNOWN_TYPE = 3,
	OPEN_RESOURCE_SHORTAGE = 4,
};

/* How the software version of a banner begins. */
static const struct {
	const char *prefix;
	enum software software;
} banners[] = {
	{ "OpenSSH_", SOFTWARE_OPENSSH },
	{ "dropbear", SOFTWARE_DROPBEAR },
	{ "AsyncSSH_", SOFTWARE_ASYNCSSH },
	{ "libssh_", SOFTWARE_LIBSSH },
	{ "Twisted", SOFTWARE_TWISTED },
};

/*
 * The first row that matches counts.  The names and numbers of errors (Erlang,
 * Node, Python) are exact, while the sentence around them may say "connection
 * refused" of any failure, so they come first.  Of several addresses that were
 * tried, the one that refused tells most.
 */
static const struct {
	const char *words;
	enum failure failure;
} known_words[] = {
	/* Go names the name server behind this, whatever failed. */
	{ "dial tcp: lookup ", FAIL_DB_NAME_UNKNOWN },
	/* Erlang, Node */
	{ "ECONNREFUSED", FAIL_DB_REFUSED }, { "ECONNRESET", FAIL_DB_CLOSED },
	{ "ETIMEDOUT", FAIL_DB_TIMEOUT },
	{ "EHOSTUNREACH", FAIL_DB_UNREACHABLE },
	{ "ENETUNREACH", FAIL_DB_UNREACHABLE },
	{ "EHOSTDOWN", FAIL_DB_UNREACHABLE },
	{ "ENOTFOUND", FAIL_DB_NAME_UNKNOWN },
	{ "EAI_AGAIN", FAIL_DB_NAME_UNKNOWN },
	{ "nxdomain", FAIL_DB_NAME_UNKNOWN },
	{ "Forwarding disabled", FAIL_FORWARD_DENIED },
	/* Python, on Linux and on BSD */
	{ "[Errno 111] Connect call failed", FAIL_DB_REFUSED },
	{ "[Errno 61] Connect call failed", FAIL_DB_REFUSED },
	{ "[Errno 110] Connect call failed", FAIL_DB_TIMEOUT },
	{ "[Errno 60] Connect call failed", FAIL_DB_TIMEOUT },
	{ "[Errno 113] Connect call failed", FAIL_DB_UNREACHABLE },
	{ "[Errno 65] Connect call failed", FAIL_DB_UNREACHABLE },
	{ "[Errno 101] Connect call failed", FAIL_DB_UNREACHABLE },
	{ "[Errno 51] Connect call failed", FAIL_DB_UNREACHABLE },
	/* strerror(), gai_strerror() */
	{ "Connection refused", FAIL_DB_REFUSED },
	{ "Connection reset", FAIL_DB_CLOSED }, /* the database had accepted */
	{ "Connection timed out", FAIL_DB_TIMEOUT },
	{ "Operation timed out", FAIL_DB_TIMEOUT },
	{ "i/o timeout", FAIL_DB_TIMEOUT }, /* Go */
	{ "No route to host", FAIL_DB_UNREACHABLE },
	{ "Host is down", FAIL_DB_UNREACHABLE },
	{ "Host is unreachable", FAIL_DB_UNREACHABLE },
	{ "Network is unreachable", FAIL_DB_UNREACHABLE },
	{ "Network unreachable", FAIL_DB_UNREACHABLE },
	{ "Operation not permitted", FAIL_DB_UNREACHABLE },
	{ "Permission denied", FAIL_DB_UNREACHABLE },
	{ "Name or service not known", FAIL_DB_NAME_UNKNOWN },
	{ "Name does not resolve", FAIL_DB_NAME_UNKNOWN },
	{ "nodename nor servname", FAIL_DB_NAME_UNKNOWN },
	{ "No address associated", FAIL_DB_NAME_UNKNOWN },
	{ "name resolution", FAIL_DB_NAME_UNKNOWN },
	{ "Error resolving", FAIL_DB_NAME_UNKNOWN },
	{ "no such host", FAIL_DB_NAME_UNKNOWN }, /* Go */
};

/*
 * libssh2's words for a packet it waited for and could not read begin like
 * this.
 */
#define WAITING "Waiting for "

bool
ssh_failure_is_damage(int rc, const char *words)
{
	switch (rc) {
	case LIBSSH2_ERROR_INVALID_MAC:
	case LIBSSH2_ERROR_DECRYPT:
	case LIBSSH2_ERROR_OUT_OF_BOUNDARY: /* the length of a packet */
		return true;
	default:
		return strncmp(words, WAITING, strlen(WAITING)) == 0;
	}
}

enum software
ssh_failure_software(const char *version)
{
	for (size_t i = 0; i < sizeof banners / sizeof *banners; i++)
		if (strncmp(version, banners[i].prefix,
			strlen(banners[i].prefix)) == 0)
			return banners[i].software;
	return version[0] != '\0' ? SOFTWARE_OTHER : SOFTWARE_UNKNOWN;
}

bool
ssh_failure_goes_on(enum software software)
{
	switch (software) {
	case SOFTWARE_OPENSSH:
	case SOFTWARE_DROPBEAR:
	case SOFTWARE_ASYNCSSH:
	case SOFTWARE_TWISTED:
		return true;
	case SOFTWARE_UNKNOWN:
	case SOFTWARE_LIBSSH:
	case SOFTWARE_OTHER:
		break;
	}
	return false;
}

/*
 * AsyncSSH says this when its application forbids the forward; when a database
 * refuses, it says "[Errno 111]".
 */
static bool
is_policy(enum software software, const char *words)
{
	return software == SOFTWARE_ASYNCSSH &&
	    strcmp(words, "Connection refused") == 0;
}

/* libssh's server gives this reason without words for every failure. */
static bool
is_no_reason(enum software software, const char *words)
{
	return software == SOFTWARE_LIBSSH && words[0] == '\0';
}

/* sshd says this when it explains nothing. */
static bool
is_explained(const char *words)
{
	return words[0] != '\0' && strcmp(words, "open failed") != 0;
}

static enum failure
by_words(const char *words)
{
	for (size_t i = 0; i < sizeof known_words / sizeof *known_words; i++)
		if (strcasestr(words, known_words[i].words) != NULL)
			return known_words[i].failure;
	return is_explained(words) ? FAIL_DB_UNREACHED_SAID : FAIL_DB_UNREACHED;
}

enum failure
ssh_failure_of_open(enum software software, unsigned reason, const char *words,
    bool is_socket)
{
	if (reason == OPEN_RESOURCE_SHORTAGE)
		return FAIL_FORWARD_LIMIT_PEER;
	if (reason == OPEN_UNKNOWN_TYPE || is_policy(software, words))
		return FAIL_FORWARD_DENIED;
	if (reason == OPEN_PROHIBITED && !is_no_reason(software, words))
		return FAIL_FORWARD_DENIED;
	return is_socket ? FAIL_DB_UNREACHED_SOCKET : by_words(words);
}
