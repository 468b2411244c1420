/* SPDX-License-Identifier: PostgreSQL */

/*
 * The snapshot as an object: its references, its release, and the question
 * whether a client may connect.  config/load.c fills it with values.
 */
#include "config/config.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/xmalloc.h"

/* What config_new() allocates: callers see the first member only. */
struct counted_config {
	struct config config;
	atomic_uint refs;
};

struct config *
config_new(void)
{
	struct counted_config *counted = xcalloc(1, sizeof *counted);

	atomic_init(&counted->refs, 1);
	return &counted->config;
}

struct config *
config_ref(struct config *cfg)
{
	atomic_fetch_add(&((struct counted_config *)cfg)->refs, 1);
	return cfg;
}

static void
texts_free(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
}

static void
proxy_clear(struct config_proxy *proxy)
{
	free(proxy->label);
	free(proxy->host);
	free(proxy->username);
	secret_clear(&proxy->password);
	secret_clear(&proxy->ca_cert);
}

void
config_clear_jump(struct config_jump *jump)
{
	free(jump->name);
	free(jump->label);
	free(jump->host);
	free(jump->username);
	secret_clear(&jump->password);
	secret_clear_all(&jump->private_keys);
	secret_clear(&jump->passphrase);
	secret_clear(&jump->certificate);
	free(jump->agent_socket);
	free(jump->host_key_alias);
	texts_free(jump->pins, jump->pin_count);
	texts_free(jump->known_hosts, jump->known_hosts_count);
	free(jump->accept_new_file);
	proxy_clear(&jump->proxy);
	for (size_t i = 0; i < jump->hop_count; i++) {
		free(jump->hops[i].jump_box);
		free(jump->hops[i].overrides);
	}
	free(jump->hops);
	*jump = (struct config_jump){ 0 };
}

bool
config_uses_method(const struct config_jump *jump, enum auth_method method)
{
	for (size_t i = 0; i < jump->auth_methods.count; i++)
		if (jump->auth_methods.list[i] == method)
			return true;
	return false;
}

void
config_free_http_address(struct config_http_address *address)
{
	if (address == NULL)
		return;
	free(address->label);
	free(address->host);
	free(address->path);
	free(address);
}

static bool
has_key(const struct config_jump *jump, const struct secret *key)
{
	for (size_t i = 0; i < jump->private_keys.count; i++)
		if (secret_equal(&jump->private_keys.list[i], key))
			return true;
	return false;
}

void
config_set_passphrase(struct config *cfg, const struct secret *key,
    const char *passphrase)
{
	for (size_t i = 0; i < cfg->jump_count; i++) {
		struct config_jump *jump = &cfg->jumps[i];

		if (has_key(jump, key) && !secret_is_set(&jump->passphrase))
			jump->passphrase.text = xstrdup(passphrase);
	}
}

enum config_host
config_host_kind(const char *host)
{
	unsigned char bytes[ADDRESS_LEN_MAX];

	if (host[0] == '/')
		return CONFIG_HOST_SOCKET;
	return address_read(host, bytes) != 0 ? CONFIG_HOST_ADDRESS
					      : CONFIG_HOST_NAME;
}

char *
config_peer_label(const char *host, unsigned port)
{
	return xasprintf(strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host,
	    port);
}

void
config_name_host(struct config_connection *connection)
{
	connection->host_kind = config_host_kind(connection->host);
	connection->label = connection->host_kind == CONFIG_HOST_SOCKET
	    ? xasprintf("%s/.s.PGSQL.%u", connection->host, connection->port)
	    : config_peer_label(connection->host, connection->port);
}

/* The name that every user gives it, else one made of the first user's. */
static char *
name_of_jump(const struct config_jump *jump, const char *jump_box,
    size_t override_count, const struct config_connection *user)
{
	return jump_box != NULL && override_count == 0
	    ? xstrdup(jump_box)
	    : xasprintf("%s/%s", jump->label, user->name);
}

/* Those on the way to a jump box. */
static void
name_hops(struct config *cfg, const struct config_jump *jump,
    const struct config_connection *user)
{
	for (; jump != NULL; jump = jump->via)
		for (size_t i = 0; i < jump->hop_count; i++) {
			const struct config_hop *hop = &jump->hops[i];
			struct config_jump
			    *outer = &cfg->jumps[hop->jump->index];

			assert(cfg->jumps != NULL);
			if (outer->name == NULL)
				outer->name = name_of_jump(outer, hop->jump_box,
				    hop->override_count, user);
		}
}

void
config_name_jumps(struct config *cfg)
{
	for (size_t i = 0; i < cfg->connection_count; i++) {
		const struct config_connection *user = &cfg->connections[i];
		struct config_jump *jump = user->jump != NULL
		    ? &cfg->jumps[user->jump->index]
		    : NULL;

		if (jump != NULL && jump->name == NULL)
			jump->name = name_of_jump(jump, user->jump_box,
			    user->override_count, user);
	}
	for (size_t i = 0; i < cfg->connection_count; i++)
		name_hops(cfg, cfg->connections[i].jump, &cfg->connections[i]);
}

static void
connection_clear(struct config_connection *connection)
{
	for (size_t i = 0; i < connection->listen_count; i++) {
		free(connection->listens[i].host);
		free(connection->listens[i].dir);
		free(connection->listens[i].label);
	}
	free(connection->listens);
	free(connection->name);
	free(connection->file);
	free(connection->label);
	free(connection->host);
	free(connection->database);
	free(connection->username);
	secret_clear(&connection->password);
	secret_clear(&connection->ca_cert);
	secret_clear(&connection->client_cert);
	secret_clear(&connection->client_key);
	secret_clear(&connection->tls_cert);
	secret_clear(&connection->tls_key);
	free(connection->allow_from);
	free(connection->jump_box);
	free(connection->overrides);
}

const struct config_connection *
config_keep_one(struct config *cfg, const struct config_connection *one)
{
	struct config_connection kept = *one;

	for (size_t i = 0; i < cfg->connection_count; i++)
		if (&cfg->connections[i] != one)
			connection_clear(&cfg->connections[i]);
	free(kept.allow_from);
	kept.allow_from = NULL;
	kept.allow_from_count = 0;
	kept.index = 0;
	cfg->connections[0] = kept;
	cfg->connection_count = 1;
	return cfg->connections;
}

static void
free_texts(char **texts)
{
	for (size_t i = 0; texts != NULL && texts[i] != NULL; i++)
		free(texts[i]);
	free(texts);
}

void
config_unref(struct config *cfg)
{
	struct counted_config *counted = (struct counted_config *)cfg;

	if (cfg == NULL || atomic_fetch_sub(&counted->refs, 1) > 1)
		return;
	for (size_t i = 0; i < cfg->connection_count; i++)
		connection_clear(&cfg->connections[i]);
	free(cfg->connections);
	for (size_t i = 0; i < cfg->jump_count; i++)
		config_clear_jump(&cfg->jumps[i]);
	free(cfg->jumps);
	for (size_t i = 0; i < cfg->unused_jump_count; i++)
		config_clear_jump(&cfg->unused_jumps[i]);
	free(cfg->unused_jumps);
	for (size_t i = 0; i < cfg->jump_box_count; i++) {
		free(cfg->jump_boxes[i].name);
		config_clear_jump(&cfg->jump_boxes[i].settings);
	}
	free(cfg->jump_boxes);
	config_free_http_address(cfg->http);
	config_free_http_address(cfg->admin);
	texts_free(cfg->http_hosts, cfg->http_host_count);
	free(cfg->listen_host);
	if (cfg->document != NULL)
		secret_wipe(cfg->document, cfg->document_len);
	free(cfg->document);
	free(cfg->path);
	free_texts(cfg->paths);
	free_texts(cfg->files);
	free(counted);
}

/*
 * The bytes of an address, for allow_from: an IPv4 client of an IPv6 socket
 * counts as an IPv4 client.
 */
static int
address_of(const struct sockaddr *client, const unsigned char **bytes)
{
	const struct sockaddr_in *v4 = (const void *)client;
	const struct sockaddr_in6 *v6 = (const void *)client;

	if (client->sa_family == AF_INET) {
		*bytes = (const unsigned char *)&v4->sin_addr;
		return AF_INET;
	}
	*bytes = v6->sin6_addr.s6_addr;
	if (!IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		return AF_INET6;
	*bytes += 12;
	return AF_INET;
}

static bool
network_holds(const struct config_network *network, int family,
    const unsigned char *bytes)
{
	size_t whole = network->prefix_len / 8;
	unsigned rest = network->prefix_len % 8;
	unsigned char mask = (unsigned char)(0xff00 >> rest);

	if (network->family != family ||
	    memcmp(network->address, bytes, whole) != 0)
		return false;
	return rest == 0 ||
	    (network->address[whole] & mask) == (bytes[whole] & mask);
}

bool
config_allows(const struct config_connection *connection,
    const struct sockaddr *client)
{
	const unsigned char *bytes;
	int family;

	if (connection->allow_from_count == 0 || client->sa_family == AF_UNIX)
		return true;
	assert(client->sa_family == AF_INET || client->sa_family == AF_INET6);
	family = address_of(client, &bytes);
	for (size_t i = 0; i < connection->allow_from_count; i++)
		if (network_holds(&connection->allow_from[i], family, bytes))
			return true;
	return false;
}
