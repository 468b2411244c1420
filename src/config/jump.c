/* SPDX-License-Identifier: PostgreSQL */

/*
 * Promises that a private key is judged once, however many jump boxes use it,
 * since an encrypted key takes a second; and that every jump box has a source
 * of trusted host keys, or an error says that it has none.
 */
#include "config/jump.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/path.h"
#include "config/section.h"
#include "config/trust.h"
#include "config/yaml.h"
#include "key/base64.h"
#include "key/ssh_key.h"

#define ERROR_MAX  400
#define PIN_PREFIX "SHA256:"
#define PIN_LEN    43 /* base64 of 32 bytes, without its padding */

/* --- Credentials --------------------------------------------------------- */

/* Whether auth_method comes from the base, which was judged by it. */
static bool
is_method_judged(const struct section *section)
{
	return section->base != NULL &&
	    !config_section_overrides(section, "auth_method");
}

/* Nothing follows from a wrong auth_method, whose error is written once. */
static bool
is_method_wrong(const struct section *section)
{
	enum auth_method method;

	return config_section_gives(section, "auth_method") &&
	    !config_section_read(section, "auth_method", &method);
}

/* Report the credential that auth_method needs and the section lacks. */
static void
require_credentials(const struct section *section,
    const struct config_jump *jump)
{
	static const char *const needed[] = {
		[AUTH_METHOD_PASSWORD] = "password",
		[AUTH_METHOD_KEY] = "private_key",
		[AUTH_METHOD_AGENT] = NULL,
	};
	const char *name = needed[jump->auth_method];

	if (name != NULL && !config_section_gives(section, name) &&
	    !is_method_judged(section))
		config_section_error(section, name,
		    config_section_place(section, "auth_method"),
		    "or %s_file is required with auth_method %s", name,
		    jump->auth_method == AUTH_METHOD_KEY ? "key" : "password");
}

/* With an agent the key must be public: it selects one of the agent's keys. */
static const char *
judge_public(const char *text)
{
	if (ssh_key_is_public(text))
		return "";
	return "with auth_method agent it must be a public key, such as "
	       "\"ssh-ed25519 AAAA...\"";
}

static const char *
judge_private(const char *text, const char *passphrase)
{
	struct ssh_key key = { 0 };
	enum ssh_key_verdict verdict = ssh_key_judge(text, passphrase, &key);

	if (verdict == SSH_KEY_GOOD)
		ssh_key_clear(&key);
	return ssh_key_verdict_text(verdict);
}

/* A file that cannot be read was reported when the section was filled. */
static void
judge_key(const struct section *section, const struct config_jump *jump)
{
	char error[ERROR_MAX], passphrase_error[ERROR_MAX];
	char *text = secret_load(&jump->private_key, error, sizeof error);
	char *passphrase = secret_load(&jump->passphrase, passphrase_error,
	    sizeof passphrase_error);
	const char *wrong = "";

	if (text == NULL || passphrase_error[0] != '\0' ||
	    secret_is_redacted(&jump->private_key) ||
	    secret_is_redacted(&jump->passphrase))
		;
	else if (jump->auth_method == AUTH_METHOD_AGENT)
		wrong = judge_public(text);
	else
		wrong = judge_private(text, passphrase);
	if (wrong[0] != '\0')
		config_section_error(section, "private_key",
		    config_section_place(section, "private_key"), "%s: %s",
		    jump->private_key.path != NULL ? "_file" : "", wrong);
	secret_free(passphrase);
	secret_free(text);
}

static bool
same_key(const struct config_jump *a, const struct config_jump *b)
{
	return secret_equal(&a->private_key, &b->private_key) &&
	    secret_equal(&a->passphrase, &b->passphrase) &&
	    (a->auth_method == AUTH_METHOD_AGENT) ==
	    (b->auth_method == AUTH_METHOD_AGENT);
}

static bool
is_key_judged(const struct config *cfg, const struct config_jump *jump)
{
	for (size_t i = 0; i < cfg->jump_box_count; i++)
		if (same_key(&cfg->jump_boxes[i].settings, jump))
			return true;
	for (size_t i = 0; i < cfg->jump_count; i++)
		if (same_key(&cfg->jumps[i], jump))
			return true;
	return false;
}

/* --- Trust --------------------------------------------------------------- */

static void
add_text(char ***texts, size_t *count, char *take)
{
	*texts = xreallocarray(*texts, *count + 1, sizeof **texts);
	(*texts)[(*count)++] = take;
}

/* The pin without padding, which the caller frees; NULL if it is no pin. */
static char *
parse_pin(const char *text)
{
	unsigned char hash[BASE64_BYTES_MAX(PIN_LEN + 1)];
	char padded[PIN_LEN + 2];
	size_t len, hash_len;

	if (strncmp(text, PIN_PREFIX, strlen(PIN_PREFIX)) != 0)
		return NULL;
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
    const char *dir, const char *text, struct place place)
{
	const char *why = NULL;
	char *path = config_path_resolve(dir, text, &why);

	if (path == NULL) {
		config_section_error(section, "known_hosts", place, ": %s",
		    why);
		return;
	}
	config_trust_check(section, "known_hosts", place, path);
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
		add_known_hosts(section, jump, section->reading->dir,
		    items[i]->text, items[i]->place);
	if (config_section_gives(section, "known_hosts")) {
		if (is_trusted_without_files(jump))
			warn_of_both(section);
		return;
	}
	if (is_trusted_without_files(jump))
		return;
	if (!add_default_known_hosts(jump, &why))
		config_section_error(section, "known_hosts",
		    section->map->place, ": PGJUMP_KNOWN_HOSTS: %s", why);
	for (size_t i = 0;
	     section->jump_box == NULL && i < jump->known_hosts_count; i++)
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

bool
config_jump_has_same_host_key(const struct config_jump *a,
    const struct config_jump *b)
{
	return text_equal(a->host, b->host) && a->port == b->port &&
	    trust_equal(a, b);
}

static bool
jump_equal(const struct config_jump *a, const struct config_jump *b)
{
	return config_jump_has_same_host_key(a, b) &&
	    text_equal(a->username, b->username) &&
	    a->auth_method == b->auth_method &&
	    secret_equal(&a->password, &b->password) &&
	    secret_equal(&a->private_key, &b->private_key) &&
	    secret_equal(&a->passphrase, &b->passphrase) &&
	    text_equal(a->agent_socket, b->agent_socket);
}

/* Keep `take`, or clear it if an equal jump box is there already. */
static const struct config_jump *
share(struct config *cfg, struct config_jump *take)
{
	struct config_jump *jump;

	for (size_t i = 0; i < cfg->jump_count; i++)
		if (jump_equal(&cfg->jumps[i], take)) {
			config_clear_jump(take);
			return &cfg->jumps[i];
		}
	jump = &cfg->jumps[cfg->jump_count];
	*jump = *take;
	jump->index = cfg->jump_count++;
	return jump;
}

void
config_jump_fill(const struct section *section, const struct config *cfg,
    struct config_jump *jump)
{
	config_section_fill(section, jump);
	if (!is_method_wrong(section)) {
		require_credentials(section, jump);
		if (!is_key_judged(cfg, jump))
			judge_key(section, jump);
	}
	read_host_key(section, jump);
	read_known_hosts(section, jump);
	if (jump->host != NULL)
		jump->label = config_peer_label(jump->host, jump->port);
}

const struct config_jump *
config_jump_read(const struct section *section, struct config *cfg)
{
	struct config_jump jump = { 0 };

	config_jump_fill(section, cfg, &jump);
	return share(cfg, &jump);
}
