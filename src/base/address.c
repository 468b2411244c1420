/* SPDX-License-Identifier: PostgreSQL */

#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

int
address_read(const char *text, unsigned char bytes[ADDRESS_LEN_MAX])
{
	if (inet_pton(AF_INET, text, bytes) == 1)
		return AF_INET;
	return inet_pton(AF_INET6, text, bytes) == 1 ? AF_INET6 : 0;
}

bool
address_is_loopback(const char *text)
{
	unsigned char bytes[ADDRESS_LEN_MAX];
	int family = address_read(text, bytes);

	if (family == AF_INET)
		return bytes[0] == 127;
	return family == AF_INET6 && memcmp(bytes, &in6addr_loopback, 16) == 0;
}
