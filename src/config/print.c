/* SPDX-License-Identifier: PostgreSQL */

/*
 * Walks the option table and the snapshot side by side.  An option with a form
 * of its own has a function here; every other one is written by its type.
 */
#include "config/print.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/http.h"
#include "config/listen.h"
#include "config/options.h"
#include "config/print_trust.h"
#include "config/print_tunnel.h"
#include "config/printing.h"
#include "config/value.h"
#include "config/yaml_write.h"

/* --- Rows with a form of their own --------------------------------------- */

/* Whether this address and the next one are the two of localhost. */
static bool
begins_localhost(const struct config_connection *connection, size_t index)
{
	return index + 1 < connection->listen_count &&
	    !connection->listens[index].is_optional &&
	    connection->listens[index + 1].is_optional;
}

/* Write an address as a file gives it, a directory with its port. */
static void
quote_address(struct printing *printing, const struct config_listen *listen)
{
	char *text;

	if (listen->dir == NULL) {
		config_printing_quote(printing, listen->label);
		return;
	}
	text = xasprintf("%s:%u", listen->dir, listen->port);
	config_printing_quote(printing, text);
	free(text);
}

/* Write localhost as a bare port, if that means the same. */
static void
print_localhost(const struct printing *printing, unsigned port)
{
	if (printing->cfg->listen_host == NULL)
		fprintf(printing->out, "%u", port);
	else
		fprintf(printing->out, "\"localhost:%u\"", port);
}

static void
print_listen(struct printing *printing, const char *key, const void *fields)
{
	const struct config_connection *connection = fields;
	const char *separator = " [";
	bool is_default;

	config_printing_begin(printing, key);
	for (size_t i = 0; i < connection->listen_count; i++) {
		const struct config_listen *listen = &connection->listens[i];

		if (listen->is_optional)
			continue;
		fputs(separator, printing->out);
		if (begins_localhost(connection, i))
			print_localhost(printing, listen->port);
		else
			quote_address(printing, listen);
		separator = ", ";
	}
	fputc(']', printing->out);
	is_default = connection->listen_count == 2 &&
	    begins_localhost(connection, 0) &&
	    printing->cfg->listen_host == NULL &&
	    connection->listens[0].port ==
		CONFIG_FIRST_PORT + connection->index;
	config_printing_end(printing, is_default);
}

static void
write_network(struct printing *printing, const void *of, size_t index)
{
	const struct config_network *network = (const struct config_network *)
						   of +
	    index;
	char address[INET6_ADDRSTRLEN];

	inet_ntop(network->family, network->address, address, sizeof address);
	fprintf(printing->out, "\"%s/%u\"", address, network->prefix_len);
}

static void
print_allow_from(struct printing *printing, const char *key, const void *fields)
{
	const struct config_connection *connection = fields;

	if (connection->allow_from_count == 0) {
		config_printing_not_set(printing, key);
		return;
	}
	config_printing_begin(printing, key);
	config_printing_flow(printing, connection->allow_from_count,
	    connection->allow_from, write_network);
	config_printing_end(printing, false);
}

static void print_section(struct printing *, enum option_section,
    const void *fields);

static void
print_ssl_config(struct printing *printing, const char *key, const void *fields)
{
	config_printing_begin(printing, key);
	config_printing_end(printing, false);
	printing->indent += PRINTING_STEP;
	print_section(printing, SECTION_SSL, fields);
	printing->indent -= PRINTING_STEP;
}

/* The list of connections, which follows the other global settings. */
static void
print_connections(const struct config *cfg, struct printing *printing)
{
	fputs("connections:\n", printing->out);
	for (size_t i = 0; i < cfg->connection_count; i++) {
		printing->indent = 2 * PRINTING_STEP;
		printing->is_item_due = true;
		print_section(printing, SECTION_CONNECTION,
		    &cfg->connections[i]);
	}
}

static const struct {
	const char *name;
	void (*print)(struct printing *, const char *key, const void *fields);
} specials[] = {
	{ "http", config_http_print },
	{ "admin", config_http_print },
	{ "http_hosts", config_http_print_hosts },
	{ "listen", print_listen },
	{ "allow_from", print_allow_from },
	{ "ssl_config", print_ssl_config },
	{ "ssh_tunnel", config_print_tunnel },
	{ "jump_boxes", config_print_tunnel_boxes },
	{ "known_hosts", config_print_trust_files },
	{ "host_key", config_print_trust_key },
	{ "via", config_print_tunnel_via },
};

static void
print_special(struct printing *printing, const struct option *option,
    const void *fields)
{
	for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
		if (strcmp(specials[i].name, option->name) == 0)
			specials[i].print(printing, option->name, fields);
}

/* --- Rows of a common type ----------------------------------------------- */

static void
print_file(struct printing *printing, const struct option *option,
    const struct secret *secret)
{
	char *key = xasprintf("%s_file", option->name);

	config_printing_begin(printing, key);
	fputc(' ', printing->out);
	config_printing_quote_path(printing, secret->path);
	config_printing_end(printing, false);
	free(key);
}

static void
write_secret(struct printing *printing, const void *of, size_t index)
{
	const struct secret *secret = (const struct secret *)of + index;

	if (secret->path != NULL)
		config_printing_quote_path(printing, secret->path);
	else
		yaml_write_quoted(printing->out,
		    secret->reference != NULL ? secret->reference
					      : SECRET_REDACTED);
}

/* All of them are files, or none is. */
static void
print_secrets(struct printing *printing, const struct option *option,
    const struct secrets *secrets)
{
	char *key = xasprintf("%s%s", option->name,
	    secrets->list[0].path != NULL ? "_file" : "");

	config_printing_begin(printing, key);
	config_printing_flow(printing, secrets->count, secrets->list,
	    write_secret);
	config_printing_end(printing, false);
	free(key);
}

/* Certificates are written in full. */
static bool
is_public(const struct option *option)
{
	return option->type == OPTION_PEM || option->type == OPTION_CERTIFICATE;
}

static void
print_secret(struct printing *printing, const struct option *option,
    const struct secret *secret)
{
	if (secret == NULL || !secret_is_set(secret)) {
		config_printing_not_set(printing, option->name);
		return;
	}
	if (secret->path != NULL) {
		print_file(printing, option, secret);
		return;
	}
	config_printing_begin(printing, option->name);
	fputc(' ', printing->out);
	if (is_public(option)) {
		yaml_write_lines(printing->out, secret->text,
		    printing->indent + PRINTING_STEP);
		return;
	}
	write_secret(printing, secret, 0);
	config_printing_end(printing, false);
}

/* One of several is written as if there could be no other. */
static void
print_some(struct printing *printing, const struct option *option,
    const struct secrets *secrets)
{
	assert(secrets != NULL);
	if (secrets->count > 1)
		print_secrets(printing, option, secrets);
	else
		print_secret(printing, option, secrets->list);
}

static bool
is_quoted(const struct option *option)
{
	return option->type == OPTION_TEXT || option->type == OPTION_HOST ||
	    option->type == OPTION_HOST_OR_DIR ||
	    option->type == OPTION_SOCKET || option->type == OPTION_NAME;
}

static void
print_value(struct printing *printing, const struct option *option,
    const void *field)
{
	char *text = field != NULL ? config_value_text(option, field)
				   : xstrdup(option->fallback);

	if (text == NULL) {
		config_printing_not_set(printing, option->name);
		return;
	}
	config_printing_begin(printing, option->name);
	fputc(' ', printing->out);
	if (is_quoted(option))
		config_printing_quote(printing, text);
	else
		fputs(text, printing->out);
	config_printing_end(printing,
	    option->fallback != NULL && strcmp(text, option->fallback) == 0);
	free(text);
}

static void
print_option(struct printing *printing, const struct option *option,
    const void *fields)
{
	const void *field = option->offset != OPTION_NO_FIELD
	    ? (const char *)fields + option->offset
	    : NULL;

	if (option->type == OPTION_SPECIAL)
		print_special(printing, option, fields);
	else if (option->type == OPTION_SECRETS)
		print_some(printing, option, field);
	else if (option->type == OPTION_SECRET || is_public(option))
		print_secret(printing, option, field);
	else if (field != NULL || option->fallback != NULL)
		print_value(printing, option, field);
}

/*
 * An option without field, form of its own or default is not written: `enabled`
 * only says in another way what another option says.
 */
static void
print_section(struct printing *printing, enum option_section section,
    const void *fields)
{
	for (size_t i = 0; i < config_option_count; i++)
		if (config_options[i].section == section)
			print_option(printing, &config_options[i], fields);
}

void
config_print(const struct config *cfg, FILE *out)
{
	struct printing printing = {
		.out = out,
		.cfg = cfg,
		.print_section = print_section,
		.print_option = print_option,
	};

	fputs("# The configuration in effect.  Secrets are left out: put "
	      "them back, or name\n# their files.\n",
	    out);
	print_section(&printing, SECTION_GLOBAL, cfg);
	print_connections(cfg, &printing);
}
