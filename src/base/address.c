/* SPDX-License-Identifier: PostgreSQL */

#include "base/address.h"

#include <arpa/inet.h>

int
address_read(const char *text, unsigned char bytes[ADDRESS_LEN_MAX])
{
	if (inet_pton(AF_INET, text, bytes) == 1)
		return AF_INET;
	return inet_pton(AF_INET6, text, bytes) == 1 ? AF_INET6 : 0;
}
