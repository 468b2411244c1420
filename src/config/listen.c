/* SPDX-License-Identifier: PostgreSQL */

/*
 * The forms of `listen` and `allow_from`.  Numeric addresses are kept in their
 * canonical spelling, so that equal addresses are equal texts.  No name is
 * resolved: localhost is loopback (RFC 6761, 6.3), and every other name counts
 * as reachable from outside.
 */
#include "config/listen.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "base/address.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/host_port.h"
#include "config/section.h"
#include "config/value.h"
#include "config/yaml.h"

#define ADDRESS_MAX INET6_ADDRSTRLEN

/* The addresses of one connection while they are read. */
struct listening {
	struct config_connection *connection;
	const char *listen_host;
	unsigned default_port;
	bool has_default_port; /* any address has default_port */
};

/* --- Addresses ----------------------------------------------------------- */

static char *
canonical(const char *host)
{
	unsigned char bytes[16];
	char text[ADDRESS_MAX];
	int family = address_read(host, bytes);

	if (family == 0)
		return xstrdup(host);
	inet_ntop(family, bytes, text, sizeof text);
	return xstrdup(text);
}

/* --- listen -------------------------------------------------------------- */

static struct config_listen *
add_listen(struct config_connection *connection, unsigned port)
{
	struct config_listen *listen;

	connection->listens = xreallocarray(connection->listens,
	    connection->listen_count + 1, sizeof *connection->listens);
	listen = &connection->listens[connection->listen_count++];
	*listen = (struct config_listen){ .port = port };
	return listen;
}

static void
add_address(struct listening *listening, const char *host, unsigned port,
    bool is_optional)
{
	struct config_listen *listen = add_listen(listening->connection, port);

	listen->host = canonical(host);
	listen->is_optional = is_optional;
	listen->label = xasprintf(strchr(host, ':') != NULL ? "[%s]:%u"
							    : "%s:%u",
	    listen->host, port);
}

static bool
is_localhost(const char *host)
{
	return strcasecmp(host, "localhost") == 0;
}

/*
 * libpq tries ::1 first for "localhost".  With IPv4 alone it would print its
 * own "connection refused" before any text of pgjump.
 */
static void
add_host(struct listening *listening, const char *host, unsigned port)
{
	if (!is_localhost(host)) {
		add_address(listening, host, port, false);
		return;
	}
	add_address(listening, "127.0.0.1", port, false);
	add_address(listening, "::1", port, true);
}

static void
add_port(struct listening *listening, unsigned port)
{
	add_host(listening,
	    listening->listen_host != NULL ? listening->listen_host
					   : "localhost",
	    port);
}

/* The addresses from this one on have the port of the position. */
static void
mark_default_port(struct listening *listening, size_t from)
{
	struct config_connection *connection = listening->connection;

	for (size_t i = from; i < connection->listen_count; i++)
		connection->listens[i].has_default_port = true;
	listening->has_default_port = true;
}

static void
add_localhost(struct listening *listening)
{
	size_t from = listening->connection->listen_count;

	add_host(listening, "localhost", listening->default_port);
	mark_default_port(listening, from);
}

/* Where ":PORT" begins after a directory; NULL if there is no port. */
static const char *
port_of_dir(const char *text)
{
	const char *colon = strrchr(text, ':');

	return colon != NULL && colon[1] != '\0' &&
		colon[1 + strspn(colon + 1, "0123456789")] == '\0'
	    ? colon
	    : NULL;
}

/*
 * /dir or /dir:PORT.  A directory whose name is "dir:1" is written "/dir:1/".
 */
static bool
add_dir(struct listening *listening, const char *text)
{
	const char *colon = port_of_dir(text);
	size_t len = colon != NULL ? (size_t)(colon - text) : strlen(text);
	int64_t port = listening->default_port;
	struct config_listen *listen;
	char *path;

	if (!utf8_is_legible_text(text) ||
	    (colon != NULL &&
		!config_value_number(colon + 1, 1, CONFIG_PORT_MAX, &port)))
		return false;
	while (len > 1 && text[len - 1] == '/')
		len--;
	path = xasprintf("%.*s/.s.PGSQL.%u", (int)len, text, (unsigned)port);
	if (strlen(path) >= sizeof((struct sockaddr_un *)0)->sun_path) {
		free(path);
		return false;
	}
	listen = add_listen(listening->connection, (unsigned)port);
	listen->dir = xstrndup(text, len);
	listen->label = path;
	if (colon == NULL)
		mark_default_port(listening,
		    listening->connection->listen_count - 1);
	return true;
}

static bool
add_pair(struct listening *listening, const char *text)
{
	unsigned port;
	char *host = config_host_port_read(text, &port);

	if (host == NULL)
		return false;
	add_host(listening, host, port);
	free(host);
	return true;
}

static bool
add_form(struct listening *listening, const char *text)
{
	int64_t port;

	if (text[0] == '/')
		return add_dir(listening, text);
	if (is_localhost(text))
		add_localhost(listening);
	else if (config_value_number(text, 1, CONFIG_PORT_MAX, &port))
		add_port(listening, (unsigned)port);
	else
		return add_pair(listening, text);
	return true;
}

static void
refuse_form(const struct section *section, const struct node *node)
{
	const char *colon = port_of_dir(node->text);
	unsigned char bytes[16];
	int64_t port;

	if (address_read(node->text, bytes) == AF_INET6)
		config_section_error(section, "listen", node->place,
		    "needs a port, and brackets in quotes: \"[%s]:PORT\"",
		    node->text);
	else if (node->text[0] == '/' && !utf8_is_legible_text(node->text))
		config_section_error(section, "listen", node->place,
		    ": a path must be UTF-8 without control characters");
	else if (node->text[0] == '/' &&
	    (colon == NULL ||
		config_value_number(colon + 1, 1, CONFIG_PORT_MAX, &port)))
		config_section_error(section, "listen", node->place,
		    "is too long for a Unix socket");
	else
		config_section_refuse(section, "listen", node);
}

/* --- allow_from ---------------------------------------------------------- */

/* Whether every bit after the prefix is 0. */
static bool
is_network(const struct config_network *network, unsigned address_len)
{
	for (unsigned i = network->prefix_len; i < address_len; i++)
		if (network->address[i / 8] & (0x80 >> i % 8))
			return false;
	return true;
}

/* ADDRESS or ADDRESS/LENGTH. */
static bool
parse_network(const char *text, struct config_network *network)
{
	size_t len = strcspn(text, "/");
	char address[ADDRESS_MAX];
	unsigned address_len;
	int64_t prefix_len;

	if (len >= sizeof address)
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	*network = (struct config_network){ 0 };
	network->family = address_read(address, network->address);
	if (network->family == 0)
		return false;
	address_len = network->family == AF_INET ? 32 : 128;
	prefix_len = address_len;
	if (text[len] == '/' &&
	    !config_value_number(text + len + 1, 0, address_len, &prefix_len))
		return false;
	network->prefix_len = (unsigned)prefix_len;
	return is_network(network, address_len);
}

static void
read_networks(const struct section *section,
    struct config_connection *connection)
{
	size_t count;
	const struct node *const *items = config_section_items(section,
	    "allow_from", &count);

	if (count == 0)
		return;
	connection->allow_from = xcalloc(count, sizeof *connection->allow_from);
	connection->allow_from_count = count;
	for (size_t i = 0; i < count; i++)
		if (!parse_network(items[i]->text, &connection->allow_from[i]))
			config_section_refuse(section, "allow_from", items[i]);
}

/* The first address that other machines can reach, or NULL. */
static const struct config_listen *
open_to_others(const struct config_connection *connection)
{
	for (size_t i = 0; i < connection->listen_count; i++) {
		const struct config_listen *listen = &connection->listens[i];

		if (listen->host != NULL && !address_is_loopback(listen->host))
			return listen;
	}
	return NULL;
}

/* A client that reaches the port reaches the database, without an SSH key. */
static void
check_exposure(const struct section *section,
    const struct config_connection *connection)
{
	const struct config_listen *listen = open_to_others(connection);
	struct place place = config_section_place(section, "listen");

	if (listen == NULL)
		return;
	if (config_section_value(section, "allow_from") == NULL)
		config_section_error(section, "allow_from", place,
		    "is required: %s is not loopback (to admit every client, "
		    "list 0.0.0.0/0 and ::/0)",
		    listen->label);
	else
		config_section_warning(section, "listen", place,
		    ": %s is not loopback: every client that allow_from admits "
		    "reaches the database; listen on 127.0.0.1, or keep "
		    "allow_from narrow and let clients use TLS",
		    listen->label);
}

void
config_listen_read(const struct section *section, const char *listen_host,
    unsigned default_port, struct config_connection *connection,
    bool *has_default_port)
{
	struct listening listening = {
		.connection = connection,
		.listen_host = listen_host,
		.default_port = default_port,
	};
	size_t count;
	const struct node *const *items = config_section_items(section,
	    "listen", &count);

	for (size_t i = 0; i < count; i++)
		if (!add_form(&listening, items[i]->text))
			refuse_form(section, items[i]);
	if (config_section_value(section, "listen") == NULL) {
		add_port(&listening, default_port);
		mark_default_port(&listening, 0);
	}
	read_networks(section, connection);
	check_exposure(section, connection);
	*has_default_port = listening.has_default_port;
}
