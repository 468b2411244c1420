/* SPDX-License-Identifier: PostgreSQL */

#include "config/http_address.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "base/address.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/host_port.h"
#include "config/path.h"
#include "config/value.h"

#define PATH_LEN_MAX (sizeof((struct sockaddr_un *)0)->sun_path - 1)

static struct config_http_address *
new_tcp(char *take_host, unsigned port)
{
	struct config_http_address *address = xcalloc(1, sizeof *address);
	const char *host = take_host;

	address->host = take_host;
	address->port = port;
	address->label = xasprintf(strchr(host, ':') != NULL ? "[%s]:%u"
							     : "%s:%u",
	    host, port);
	address->is_loopback = strcasecmp(host, "localhost") == 0 ||
	    address_is_loopback(host);
	return address;
}

static struct config_http_address *
new_socket(const char *path, const char **why)
{
	struct config_http_address *address;

	if (!utf8_is_legible_text(path))
		*why = "must be UTF-8 without control characters";
	else if (strlen(path) > PATH_LEN_MAX)
		*why = "is too long for a Unix socket";
	else if (path[strlen(path) - 1] == '/')
		*why = "must end in the name of a socket";
	else {
		address = xcalloc(1, sizeof *address);
		address->path = xstrdup(path);
		address->label = xstrdup(path);
		address->is_loopback = true;
		return address;
	}
	return NULL;
}

struct config_http_address *
config_http_address_new(const char *text, const char **why)
{
	int64_t number;
	unsigned port;
	char *host;

	if (text[0] == '/')
		return new_socket(text, why);
	if (config_value_number(text, 1, CONFIG_PORT_MAX, &number))
		return new_tcp(xstrdup("localhost"), (unsigned)number);
	host = config_host_port_read(text, &port);
	if (host != NULL)
		return new_tcp(host, port);
	*why = "is none of these forms: PORT, HOST:PORT, \"[V6]:PORT\", "
	       "/dir/name.sock, off";
	return NULL;
}

bool
config_http_address_is_same(const struct config_http_address *one,
    const struct config_http_address *other)
{
	if (one == NULL || other == NULL)
		return one == other;
	return strcmp(one->label, other->label) == 0;
}

const char *
config_http_address_refuse_admin(const struct config_http_address *address)
{
	return address->is_loopback
	    ? NULL
	    : "must not be reachable from other machines, which could stop "
	      "pgjump; use a Unix socket, or a port of 127.0.0.1";
}

struct config_http_address *
config_http_address_default(void)
{
	struct config_http_address *address = NULL;
	char *path = config_path_admin_socket();
	const char *why;

	if (path != NULL)
		address = config_http_address_new(path, &why);
	if (address != NULL)
		address->is_default = true;
	free(path);
	return address;
}
