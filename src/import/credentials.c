/* SPDX-License-Identifier: PostgreSQL */

/*
 * Only files that exist are named, since a configuration that names others is
 * refused.
 */
#include "import/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/xmalloc.h"
#include "import/settings.h"
#include "import/tokens.h"
#include "import/way.h"
#include "key/ssh_key.h"

/* As many keys as a configuration may list. */
#define KEYS_MAX 5

/* ssh's defaults that pgjump can use, in the order of `pgjump tunnel`. */
static const char *const default_keys[] = {
	"~/.ssh/id_ed25519",
	"~/.ssh/id_ecdsa",
	"~/.ssh/id_rsa",
};

/* The path that a setting means, which the caller frees; NULL: it was noted
 * that there is none. */
static char *
find_file(const struct import_hop *hop, const char *key, const char *value,
    struct import_texts *notes)
{
	struct import_tokens tokens = import_way_tokens(hop);
	char *path = import_tokens_expand(value, &tokens);
	char *real = path != NULL ? realpath(path, NULL) : NULL;

	/* A link is kept, since its target may be replaced. */
	if (real != NULL) {
		bool is_absolute = path[0] == '/';

		free(is_absolute ? real : path);
		return is_absolute ? path : real;
	}
	import_texts_add(notes,
	    path != NULL ? "%s %s: there is no such file"
			 : "%s %s: what stands there is "
			   "not known",
	    key, value);
	free(path);
	return NULL;
}

/* What a file is, if it is a key. */
struct kind {
	bool is_public, is_encrypted;
};

/* What makes a file no key for a configuration; "": nothing. */
static const char *
judge(const char *path, struct kind *kind)
{
	const struct secret secret = { .path = (char *)path };
	struct ssh_key key = { 0 };
	enum ssh_key_verdict verdict;
	static char error[400];
	char *text = secret_load(&secret, error, sizeof error);

	if (text == NULL)
		return error;
	kind->is_public = ssh_key_is_public(text);
	verdict = kind->is_public ? SSH_KEY_GOOD
				  : ssh_key_judge(text, NULL, &key);
	secret_free(text);
	ssh_key_clear(&key);
	kind->is_encrypted = verdict == SSH_KEY_NEEDS_PASSPHRASE;
	return kind->is_encrypted ? "" : ssh_key_verdict_text(verdict);
}

/* Add a key file that exists; takes the path. */
static void
add_key(struct import_credentials *credentials, char *path)
{
	struct kind kind = { 0 };
	const char *wrong = judge(path, &kind);

	if (wrong[0] == '\0' && credentials->keys.count == KEYS_MAX)
		wrong = "a configuration lists at most 5 keys";
	if (wrong[0] != '\0') {
		import_texts_add(&credentials->notes, "identityfile %s: %s",
		    path, wrong);
		free(path);
		return;
	}
	if (kind.is_encrypted) {
		import_texts_add(&credentials->notes,
		    "%s is encrypted: the agent must hold it, or "
		    "private_key_passphrase be given",
		    path);
		credentials->is_one_encrypted = true;
	}
	if (!kind.is_public)
		credentials->uses_keys = true;
	import_texts_take(&credentials->keys, path);
}

static void
add_default_keys(const struct import_hop *hop,
    struct import_credentials *credentials)
{
	struct import_texts unimportant = { 0 };

	for (size_t i = 0; i < sizeof default_keys / sizeof *default_keys;
	     i++) {
		char *path = find_file(hop, "", default_keys[i], &unimportant);

		if (path != NULL)
			add_key(credentials, path);
	}
	import_texts_clear(&unimportant);
}

static void
add_given_keys(const struct import_hop *hop,
    struct import_credentials *credentials)
{
	size_t at = 0;
	const char *value;

	credentials->are_keys_first = true;
	while ((value = import_settings_next(&hop->settings, "identityfile",
		    &at)) != NULL) {
		char *path = strcmp(value, "none") == 0
		    ? NULL
		    : find_file(hop, "identityfile", value,
			  &credentials->notes);

		if (path != NULL)
			add_key(credentials, path);
	}
}

/* IdentityAgent: none, SSH_AUTH_SOCK, $NAME, or a path. */
static void
find_agent(const struct import_hop *hop, struct import_credentials *credentials)
{
	size_t at = 0;
	const char *value = import_settings_next(&hop->settings,
	    "identityagent", &at);

	credentials->uses_agent = value == NULL || strcmp(value, "none") != 0;
	if (value == NULL || !credentials->uses_agent ||
	    strcmp(value, "SSH_AUTH_SOCK") == 0 ||
	    strcmp(value, "$SSH_AUTH_SOCK") == 0)
		return;
	if (value[0] == '$' && value[1] != '{' && getenv(value + 1) != NULL)
		credentials->agent_socket = xasprintf("${%s}", value + 1);
	else
		credentials->agent_socket = find_file(hop, "identityagent",
		    value, &credentials->notes);
}

static void
find_certificate(const struct import_hop *hop,
    struct import_credentials *credentials)
{
	size_t at = 0;
	const char *value;

	while ((value = import_settings_next(&hop->settings, "certificatefile",
		    &at)) != NULL) {
		char *path = find_file(hop, "certificatefile", value,
		    &credentials->notes);

		if (path == NULL || credentials->certificate == NULL) {
			credentials->certificate = path != NULL
			    ? path
			    : credentials->certificate;
			continue;
		}
		import_texts_add(&credentials->notes,
		    "certificatefile %s: a configuration names one", path);
		free(path);
	}
}

/* With IdentitiesOnly an agent's other keys are not offered by ssh. */
static bool
wants_keys_only(const struct import_hop *hop)
{
	const char *value = import_settings_get(&hop->settings,
	    "identitiesonly");

	return value != NULL && strcmp(value, "yes") == 0;
}

void
import_credentials_find(const struct import_way *way,
    const struct import_hop *hop, struct import_credentials *credentials)
{
	find_agent(hop, credentials);
	if (import_settings_agree(&hop->settings, &way->defaults,
		"identityfile"))
		add_default_keys(hop, credentials);
	else
		add_given_keys(hop, credentials);
	find_certificate(hop, credentials);
	if (credentials->uses_keys && wants_keys_only(hop) &&
	    !credentials->is_one_encrypted && credentials->agent_socket == NULL)
		credentials->uses_agent = false;
	if (!credentials->uses_keys)
		credentials->uses_agent = true;
}

void
import_credentials_clear(struct import_credentials *credentials)
{
	import_texts_clear(&credentials->keys);
	import_texts_clear(&credentials->notes);
	free(credentials->agent_socket);
	free(credentials->certificate);
	*credentials = (struct import_credentials){ 0 };
}
