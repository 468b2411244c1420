/* SPDX-License-Identifier: PostgreSQL */

/*
 * Promises that every jump box has a source of trusted host keys, or an error
 * says that it has none.
 */
#include "config/jump.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xmalloc.h"
#include "config/certificate.h"
#include "config/config.h"
#include "config/credentials.h"
#include "config/fields.h"
#include "config/path.h"
#include "config/proxy.h"
#include "config/section.h"
#include "config/trust.h"
#include "config/yaml.h"
#include "key/base64.h"
#include "key/ssh_key.h"

#define PIN_PREFIX "SHA256:"
#define PIN_LEN    43 /* base64 of 32 bytes, without its padding */

/* --- Trust --------------------------------------------------------------- */

static void
add_text(char ***texts, size_t *count, char *take)
{
	*texts = xreallocarray(*texts, *count + 1, sizeof **texts);
	(*texts)[(*count)++] = take;
}

/* The pin of a host key as ssh-keyscan prints it, without a host's name. */
static char *
pin_of_key(const char *text)
{
	struct ssh_key key;
	char *pin = NULL;

	if (ssh_key_read_public(text, &key))
		pin = xstrdup(key.fingerprint);
	ssh_key_clear(&key);
	return pin;
}

/* The pin without padding, which the caller frees; NULL if it is no pin. */
static char *
parse_pin(const char *text)
{
	unsigned char hash[BASE64_BYTES_MAX(PIN_LEN + 1)];
	char padded[PIN_LEN + 2];
	size_t len, hash_len;

	if (strncmp(text, PIN_PREFIX, strlen(PIN_PREFIX)) != 0)
		return pin_of_key(text);
	text += strlen(PIN_PREFIX);
	len = strlen(text);
	if (len != PIN_LEN && (len != PIN_LEN + 1 || text[PIN_LEN] != '='))
		return NULL;
	memcpy(padded, text, PIN_LEN);
	memcpy(padded + PIN_LEN, "=", 2);
	if (!base64_decode(padded, PIN_LEN + 1, hash, &hash_len))
		return NULL;
	return xasprintf("%s%.*s", PIN_PREFIX, PIN_LEN, text);
}

static void
read_pins(const struct section *section, struct config_jump *jump,
    const struct node *const *items, size_t count)
{
	jump->trust = TRUST_PINS;
	for (size_t i = 0; i < count; i++) {
		char *pin = parse_pin(items[i]->text);

		if (pin != NULL)
			add_text(&jump->pins, &jump->pin_count, pin);
		else
			config_section_refuse(section, "host_key", items[i]);
	}
}

static void
read_accept_new(const struct section *section, struct config_jump *jump,
    struct place place)
{
	jump->trust = TRUST_ACCEPT_NEW;
	jump->accept_new_file = config_path_accept_new();
	if (jump->accept_new_file == NULL)
		config_section_error(section, "host_key",
		    config_section_place(section, "host_key"),
		    ": accept-new has no file to remember keys in; set "
		    "STATE_DIRECTORY, XDG_STATE_HOME or HOME");
	else
		config_trust_check(section, "host_key", place,
		    jump->accept_new_file);
}

static void
read_any(const struct section *section, struct config_jump *jump,
    struct place place)
{
	jump->trust = TRUST_ANY;
	config_section_warning(section, "host_key", place,
	    ": any trusts every key, so anyone on the way can read and change "
	    "the traffic; set a pin, which pgjump hostkey prints");
}

/*
 * known_hosts beside `use` ends a host_key of the jump box, or else it would
 * have no effect and a key that its files do not know would be trusted.
 */
static bool
is_host_key_ended(const struct section *section)
{
	return config_section_overrides(section, "known_hosts") &&
	    !config_section_overrides(section, "host_key");
}

static void
read_host_key(const struct section *section, struct config_jump *jump)
{
	size_t count;
	const struct node *const *items;

	if (is_host_key_ended(section))
		return;
	items = config_section_items(section, "host_key", &count);
	if (count == 1 && strcmp(items[0]->text, "any") == 0)
		read_any(section, jump, items[0]->place);
	else if (count == 1 && strcmp(items[0]->text, "accept-new") == 0)
		read_accept_new(section, jump, items[0]->place);
	else if (count > 0)
		read_pins(section, jump, items, count);
}

static void
add_known_hosts(const struct section *section, struct config_jump *jump,
    const struct node *item)
{
	const char *why = NULL;
	char *path = config_path_resolve(config_section_dir(section,
					     item->place),
	    item->text, &why);

	if (path == NULL) {
		config_section_error(section, "known_hosts", item->place,
		    ": %s", why);
		return;
	}
	config_trust_check(section, "known_hosts", item->place, path);
	add_text(&jump->known_hosts, &jump->known_hosts_count, path);
}

/*
 * The file that the environment names, or those of ssh(1), of which a user
 * without a home directory has only the system's.  False, and *why, if the
 * named file needs a home directory and there is none.
 */
static bool
add_default_known_hosts(struct config_jump *jump, const char **why)
{
	const char *named = getenv("PGJUMP_KNOWN_HOSTS");
	const char *const files[] = { "~/.ssh/known_hosts",
		"/etc/ssh/ssh_known_hosts" };
	bool is_named = named != NULL && named[0] != '\0';
	const char *const *from = is_named ? &named : files;
	size_t count = is_named ? 1 : 2;

	for (size_t i = 0; i < count; i++) {
		char *path = config_path_resolve(NULL, from[i], why);

		if (path != NULL)
			add_text(&jump->known_hosts, &jump->known_hosts_count,
			    path);
		else if (is_named)
			return false;
	}
	return true;
}

static bool
is_trusted_without_files(const struct config_jump *jump)
{
	return jump->trust == TRUST_PINS || jump->trust == TRUST_ANY;
}

/* Both are given in one section; what overrides the other is no mistake. */
static void
warn_of_both(const struct section *section)
{
	if (config_section_overrides(section, "known_hosts") ==
	    config_section_overrides(section, "host_key"))
		config_section_warning(section, "known_hosts",
		    config_section_place(section, "known_hosts"),
		    ": beside a pin or any in host_key only @revoked lines "
		    "have an effect; keep one of them");
}

/* A mapping of a tunnel, rather than of jump_boxes. */
static bool
is_in_use(const struct section *section)
{
	return section->jump_box == NULL ||
	    strcmp(section->jump_box, SECTION_HOP) == 0;
}

static void
read_known_hosts(const struct section *section, struct config_jump *jump)
{
	/*
	 * About no place, so that many tunnels are warned about once; and
	 * about tunnels only, so that jump_boxes do not warn once more.
	 */
	const struct place everywhere = { 0 };
	const char *why;
	size_t count;
	const struct node *const *items = config_section_items(section,
	    "known_hosts", &count);

	for (size_t i = 0; i < count; i++)
		add_known_hosts(section, jump, items[i]);
	if (config_section_gives(section, "known_hosts")) {
		if (is_trusted_without_files(jump) && count > 0)
			warn_of_both(section);
		return;
	}
	if (is_trusted_without_files(jump))
		return;
	if (!add_default_known_hosts(jump, &why))
		config_section_error(section, "known_hosts",
		    section->map->place, ": PGJUMP_KNOWN_HOSTS: %s", why);
	for (size_t i = 0; is_in_use(section) && i < jump->known_hosts_count;
	     i++)
		config_trust_check(section, "known_hosts", everywhere,
		    jump->known_hosts[i]);
}

/* --- One of many --------------------------------------------------------- */

static bool
texts_equal(char *const *a, size_t a_count, char *const *b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++)
		if (strcmp(a[i], b[i]) != 0)
			return false;
	return true;
}

bool
config_jump_has_default_known_hosts(const struct config_jump *jump)
{
	struct config_jump other = { 0 };
	const char *why;
	bool are_equal;

	add_default_known_hosts(&other, &why);
	are_equal = texts_equal(jump->known_hosts, jump->known_hosts_count,
	    other.known_hosts, other.known_hosts_count);
	config_clear_jump(&other);
	return are_equal;
}

static bool
trust_equal(const struct config_jump *a, const struct config_jump *b)
{
	return a->trust == b->trust &&
	    texts_equal(a->pins, a->pin_count, b->pins, b->pin_count) &&
	    texts_equal(a->known_hosts, a->known_hosts_count, b->known_hosts,
		b->known_hosts_count) &&
	    text_equal(a->accept_new_file, b->accept_new_file) &&
	    text_equal(a->host_key_alias, b->host_key_alias);
}

/* Of one configuration, or of two. */
static bool
are_reached_alike(const struct config_jump *a, const struct config_jump *b)
{
	if (a->via == NULL || b->via == NULL)
		return a->via == b->via;
	return a->via == b->via || config_jump_equal(a->via, b->via);
}

bool
config_jump_has_same_host_key(const struct config_jump *a,
    const struct config_jump *b)
{
	return text_equal(a->host, b->host) && a->port == b->port &&
	    are_reached_alike(a, b) &&
	    text_equal(a->proxy.label, b->proxy.label) && trust_equal(a, b);
}

bool
config_jump_equal(const struct config_jump *a, const struct config_jump *b)
{
	return config_jump_has_same_host_key(a, b) &&
	    text_equal(a->username, b->username) &&
	    config_credentials_equal(a, b) &&
	    config_proxy_equal(&a->proxy, &b->proxy);
}

/* One of `jumps` that is equal; NULL: there is none. */
static const struct config_jump *
find_equal(const struct config_jump *jumps, size_t count,
    const struct config_jump *jump)
{
	for (size_t i = 0; i < count; i++)
		if (config_jump_equal(&jumps[i], jump))
			return &jumps[i];
	return NULL;
}

const struct config_jump *
config_jump_share(struct config *cfg, struct config_jump *take, bool is_used)
{
	const struct config_jump *equal = find_equal(cfg->jumps,
	    cfg->jump_count, take);
	struct config_jump *jump;

	if (equal == NULL && !is_used)
		equal = find_equal(cfg->unused_jumps, cfg->unused_jump_count,
		    take);
	if (equal != NULL) {
		config_clear_jump(take);
		return equal;
	}
	jump = is_used ? &cfg->jumps[cfg->jump_count]
		       : &cfg->unused_jumps[cfg->unused_jump_count];
	*jump = *take;
	jump->index = is_used ? cfg->jump_count++ : cfg->unused_jump_count++;
	return jump;
}

void
config_jump_fill(const struct section *section, const struct config *cfg,
    struct config_jump *jump)
{
	config_fields_fill(section, jump);
	config_credentials_judge(section, cfg, jump);
	config_certificate_judge(section, cfg, jump);
	read_host_key(section, jump);
	read_known_hosts(section, jump);
	config_proxy_read(section, &jump->proxy);
	if (jump->host != NULL)
		jump->label = config_peer_label(jump->host, jump->port);
}
