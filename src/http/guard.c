/* SPDX-License-Identifier: PostgreSQL */

#include "http/guard.h"

#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "base/text.h"

#define NAME_MAX_LEN 255

/* The host without brackets and port; false: it has another form. */
static bool
split(const char *host, char name[NAME_MAX_LEN + 1])
{
	bool has_brackets = host[0] == '[';
	const char *begin = host + has_brackets;
	size_t len = strcspn(begin, has_brackets ? "]" : ":");
	const char *port = begin + len + has_brackets;

	if (len == 0 || len > NAME_MAX_LEN ||
	    (has_brackets && begin[len] != ']'))
		return false;
	memcpy(name, begin, len);
	name[len] = '\0';
	return port[0] == '\0' ||
	    (port[0] == ':' && port[1 + strspn(port + 1, TEXT_DIGITS)] == '\0');
}

bool
http_guard_is_plain(const char *host)
{
	unsigned char bytes[ADDRESS_LEN_MAX];
	char name[NAME_MAX_LEN + 1];

	return split(host, name) &&
	    (strcasecmp(name, "localhost") == 0 ||
		address_read(name, bytes) != 0);
}

bool
http_guard_is_listed(const char *host, char *const *names, size_t count)
{
	char name[NAME_MAX_LEN + 1];

	if (!split(host, name))
		return false;
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}
