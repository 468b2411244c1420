/* SPDX-License-Identifier: PostgreSQL */

/*
 * Reasons and words of a refused forward, translated.  The words are strerror()
 * and gai_strerror() texts of the jump box (measured with OpenSSH 9.2 to 10.5
 * and dropbear 2022.83); other servers send words of their own or none.
 */
#include "ssh_failure.h"

#include <stddef.h>
#include <string.h>

/* RFC 4254, 5.1. */
enum {
	OPEN_PROHIBITED = 1,
	OPEN_RESOURCE_SHORTAGE = 4,
};

static const struct {
	const char *words;
	enum failure failure;
} known_words[] = {
	{ "Connection refused", FAIL_DB_REFUSED },
	{ "Connection reset", FAIL_DB_CLOSED }, /* it had accepted */
	{ "Connection timed out", FAIL_DB_TIMEOUT },
	{ "Operation timed out", FAIL_DB_TIMEOUT },
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
	{ "no such host", FAIL_DB_NAME_UNKNOWN },
};

enum failure
ssh_failure_of_open(unsigned reason, const char *words, bool is_socket)
{
	if (reason == OPEN_PROHIBITED)
		return FAIL_FORWARD_DENIED;
	if (reason == OPEN_RESOURCE_SHORTAGE)
		return FAIL_FORWARD_LIMIT_PEER;
	if (is_socket)
		return FAIL_DB_UNREACHED_SOCKET;
	for (size_t i = 0; i < sizeof known_words / sizeof *known_words; i++)
		if (strcasestr(words, known_words[i].words) != NULL)
			return known_words[i].failure;
	return FAIL_DB_UNREACHED;
}
