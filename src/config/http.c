/* SPDX-License-Identifier: PostgreSQL */

/*
 * The environment speaks where the file does not, so that a container can be
 * given an address without a file of its own.
 */
#include "config/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "config/config.h"
#include "config/http_address.h"
#include "config/printing.h"
#include "config/section.h"
#include "config/value.h"
#include "config/yaml.h"

/* One of the two keys. */
struct http_key {
	const char *name, *variable;
	bool is_admin;
	bool is_off; /* somebody said so */
};

static struct config_http_address *
judge(const struct http_key *key, const char *text, const char **why)
{
	struct config_http_address *address = config_http_address_new(text,
	    why);

	*why = address == NULL ? *why
	    : key->is_admin    ? config_http_address_refuse_admin(address)
			       : NULL;
	if (*why == NULL)
		return address;
	config_free_http_address(address);
	return NULL;
}

static void
warn_of_neighbours(const struct section *section, const struct http_key *key,
    struct place place, const struct config_http_address *address)
{
	if (key->is_admin && address != NULL && address->path == NULL)
		config_section_warning(section, key->name, place,
		    ": every user of this machine can connect to %s and stop "
		    "pgjump; use a Unix socket",
		    address->label);
}

/* An address as the file has it; NULL: it is off, or wrong, which is reported.
 */
static struct config_http_address *
read_node(const struct section *section, struct http_key *key,
    const struct node *node)
{
	struct config_http_address *address;
	const char *why;

	if (node->kind != NODE_SCALAR) {
		config_section_refuse(section, key->name, node);
		return NULL;
	}
	key->is_off = strcmp(node->text, "off") == 0;
	if (key->is_off)
		return NULL;
	address = judge(key, node->text, &why);
	if (address == NULL)
		config_section_error(section, key->name, node->place, "%s",
		    why);
	warn_of_neighbours(section, key, node->place, address);
	return address;
}

static struct config_http_address *
read_variable(const struct section *section, struct http_key *key,
    const char *text)
{
	struct place place = config_section_place(section, key->name);
	struct config_http_address *address;
	const char *why;

	key->is_off = strcmp(text, "off") == 0;
	if (key->is_off)
		return NULL;
	address = judge(key, text, &why);
	if (address == NULL)
		config_section_error(section, key->name, place,
		    "of $%s: \"%s\" %s", key->variable, text, why);
	warn_of_neighbours(section, key, place, address);
	return address;
}

static struct config_http_address *
read_address(const struct section *section, struct http_key *key)
{
	const struct node *node = config_section_value(section, key->name);
	const char *text = getenv(key->variable);

	if (node != NULL)
		return read_node(section, key, node);
	return text != NULL && text[0] != '\0'
	    ? read_variable(section, key, text)
	    : NULL;
}

static void
read_hosts(const struct section *section, struct config *cfg)
{
	size_t count;
	const struct node *const *items = config_section_items(section,
	    "http_hosts", &count);

	cfg->http_hosts = xcalloc(count, sizeof *cfg->http_hosts);
	for (size_t i = 0; i < count; i++)
		if (config_value_is_host(items[i]->text))
			cfg->http_hosts[cfg->http_host_count++] = xstrdup(
			    items[i]->text);
		else
			config_section_refuse(section, "http_hosts", items[i]);
}

static void
check_equal(const struct section *section, const struct config *cfg)
{
	if (cfg->http != NULL && cfg->admin != NULL &&
	    config_http_address_is_same(cfg->http, cfg->admin))
		config_section_error(section, "admin",
		    config_section_place(section, "admin"),
		    "is the address of http, too: %s", cfg->admin->label);
}

void
config_http_read(const struct section *section, struct config *cfg)
{
	struct http_key http = { "http", "PGJUMP_HTTP", false, false };
	struct http_key admin = { "admin", "PGJUMP_ADMIN", true, false };

	cfg->http = read_address(section, &http);
	cfg->admin = read_address(section, &admin);
	if (cfg->admin == NULL && !admin.is_off)
		cfg->admin = config_http_address_default();
	read_hosts(section, cfg);
	check_equal(section, cfg);
}

bool
config_http_set_admin(struct config *cfg, const char *text)
{
	const struct http_key key = { "admin", NULL, true, false };
	struct config_http_address *address = NULL;
	const char *why = NULL;

	if (text == NULL)
		return true;
	if (strcmp(text, "off") != 0)
		address = judge(&key, text, &why);
	if (why != NULL) {
		fprintf(stderr, "pgjump: --admin \"%s\" %s\n", text, why);
		return false;
	}
	config_free_http_address(cfg->admin);
	cfg->admin = address;
	return true;
}

/* --- Printing ------------------------------------------------------------ */

void
config_http_print(struct printing *printing, const char *key,
    const void *fields)
{
	const struct config *cfg = fields;
	bool is_http = strcmp(key, "http") == 0;
	const struct config_http_address *address = is_http ? cfg->http
							    : cfg->admin;

	config_printing_begin(printing, key);
	fputc(' ', printing->out);
	if (address == NULL)
		fputs("off", printing->out);
	else
		config_printing_quote(printing, address->label);
	config_printing_end(printing,
	    address == NULL ? is_http : address->is_default);
}

void
config_http_print_hosts(struct printing *printing, const char *key,
    const void *fields)
{
	const struct config *cfg = fields;

	if (cfg->http_host_count == 0) {
		config_printing_not_set(printing, key);
		return;
	}
	config_printing_begin(printing, key);
	for (size_t i = 0; i < cfg->http_host_count; i++) {
		fputs(i == 0 ? " [" : ", ", printing->out);
		config_printing_quote(printing, cfg->http_hosts[i]);
	}
	fputc(']', printing->out);
	config_printing_end(printing, false);
}
