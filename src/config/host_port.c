/* SPDX-License-Identifier: PostgreSQL */

#include "config/host_port.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/address.h"
#include "base/xmalloc.h"
#include "config/value.h"

char *
config_host_port_read(const char *text, unsigned *port)
{
	const char *colon = strrchr(text, ':');
	bool has_brackets = text[0] == '[';
	unsigned char bytes[ADDRESS_LEN_MAX];
	int64_t number;
	bool is_good;
	char *host;

	if (colon == NULL || colon < text + 1 + 2 * has_brackets ||
	    (has_brackets && colon[-1] != ']') ||
	    !config_value_number(colon + 1, 1, CONFIG_PORT_MAX, &number))
		return NULL;
	host = xstrndup(text + has_brackets,
	    (size_t)(colon - text) - 2 * has_brackets);
	is_good = has_brackets
	    ? address_read(host, bytes) == AF_INET6
	    : config_value_is_host(host) && strchr(host, ':') == NULL;
	*port = (unsigned)number;
	if (is_good)
		return host;
	free(host);
	return NULL;
}
