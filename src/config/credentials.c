/* SPDX-License-Identifier: PostgreSQL */

/*
 * Promises that a private key is judged once, however many jump boxes use it,
 * since an encrypted key takes a second.
 */
#include "config/credentials.h"

#include <stddef.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "config/config.h"
#include "config/section.h"
#include "config/yaml.h"
#include "key/ssh_key.h"

#define ERROR_MAX 400

/* --- What the methods need ------------------------------------------------ */

/* What each method needs; NULL: nothing. */
static const struct {
	const char *name, *file, *word;
} needs[AUTH_METHOD_COUNT] = {
	[AUTH_METHOD_PASSWORD] = { "password", "password_file", "password" },
	[AUTH_METHOD_KEY] = { "private_key", "private_key_file", "key" },
};

/* Whether auth_method comes from the base, which was judged by it. */
static bool
are_methods_judged(const struct section *section)
{
	return section->base != NULL &&
	    !config_section_overrides(section, "auth_method");
}

/*
 * Nothing follows from a wrong auth_method, whose error is written once, and
 * which leaves no method.
 */
static bool
is_wrong(const struct config_jump *jump)
{
	return jump->auth_methods.count == 0;
}

/* Where a list has the method at `index`; where the method stands alone. */
static struct place
place_of_method(const struct section *section, size_t index)
{
	const struct node *node = config_section_value(section, "auth_method");

	if (node == NULL || node->kind != NODE_LIST)
		return config_section_place(section, "auth_method");
	return node->items[index]->place;
}

/* Report the credential that a method needs and the section lacks. */
static void
require(const struct section *section, const struct config_jump *jump,
    size_t index)
{
	enum auth_method method = jump->auth_methods.list[index];

	if (needs[method].name == NULL ||
	    config_section_gives(section, needs[method].name))
		return;
	if (!config_section_gives(section, "auth_method") &&
	    config_section_gives(section, "private_key")) {
		config_section_error(section, "auth_method",
		    config_section_place(section, "private_key"),
		    "is password if it is not given; for this key set "
		    "auth_method: key");
		return;
	}
	config_section_error(section, needs[method].name,
	    place_of_method(section, index),
	    "or %s is required with auth_method %s", needs[method].file,
	    needs[method].word);
}

/* --- Keys ----------------------------------------------------------------- */

static struct place
place_of_key(const struct section *section, size_t index)
{
	const struct node *node = config_section_value(section, "private_key");

	if (node == NULL)
		node = config_section_file(section, "private_key");
	if (node == NULL || node->kind != NODE_LIST)
		return config_section_place(section, "private_key");
	return node->items[index]->place;
}

/*
 * With an agent and without the method `key` a key must be public: it selects
 * one of the agent's keys.
 */
static bool
must_be_public(const struct config_jump *jump)
{
	return config_uses_method(jump, AUTH_METHOD_AGENT) &&
	    !config_uses_method(jump, AUTH_METHOD_KEY);
}

/* A key on hardware, whose type libssh2 does not know. */
static bool
is_security_key(const char *text)
{
	return strncmp(text, "sk-ssh-", 7) == 0 ||
	    strncmp(text, "sk-ecdsa-", 9) == 0;
}

static const char *
judge_private(const char *text, const char *passphrase,
    enum ssh_key_verdict *verdict)
{
	struct ssh_key key = { 0 };

	*verdict = ssh_key_judge(text, passphrase, &key);
	if (*verdict == SSH_KEY_GOOD)
		ssh_key_clear(&key);
	return ssh_key_verdict_text(*verdict);
}

/*
 * A public key selects a key of the agent; a private one is for the method
 * `key`.  One that is encrypted may be in the agent, where there is one.
 */
static void
judge_text(const struct section *section, const struct config_jump *jump,
    size_t index, const char *text, const char *passphrase)
{
	const char *suffix = jump->private_keys.list[index].path != NULL
	    ? "_file"
	    : "";
	bool has_agent = config_uses_method(jump, AUTH_METHOD_AGENT);
	enum ssh_key_verdict verdict = SSH_KEY_GOOD;
	const char *wrong = "";

	if (has_agent && ssh_key_is_public(text))
		return;
	if (has_agent && is_security_key(text))
		wrong = "it is a key on hardware (sk-...), with which pgjump "
			"cannot log in; select another one";
	else if (must_be_public(jump))
		wrong = "with auth_method agent it must be a public key, such "
			"as \"ssh-ed25519 AAAA...\"";
	else
		wrong = judge_private(text, passphrase, &verdict);
	if (section->reading->will_ask && verdict == SSH_KEY_NEEDS_PASSPHRASE)
		return;
	if (has_agent && verdict == SSH_KEY_NEEDS_PASSPHRASE)
		config_section_warning(section, "private_key",
		    place_of_key(section, index),
		    "%s: %s; without it only the agent can log in with this "
		    "key",
		    suffix, wrong);
	else if (wrong[0] != '\0')
		config_section_error(section, "private_key",
		    place_of_key(section, index), "%s: %s", suffix, wrong);
}

/* A file that cannot be read was reported when the section was filled. */
static void
judge_key(const struct section *section, const struct config_jump *jump,
    size_t index, const char *passphrase)
{
	const struct secret *key = &jump->private_keys.list[index];
	char error[ERROR_MAX];
	char *text = secret_load(key, error, sizeof error);

	if (text != NULL && !secret_is_redacted(key))
		judge_text(section, jump, index, text, passphrase);
	secret_free(text);
}

static void
judge_keys(const struct section *section, const struct config_jump *jump)
{
	char error[ERROR_MAX];
	char *passphrase = secret_load(&jump->passphrase, error, sizeof error);

	if (jump->private_keys.count > CONFIG_KEYS_MAX)
		config_section_error(section, "private_key",
		    place_of_key(section, CONFIG_KEYS_MAX),
		    ": a login offers at most %d keys, and this is one more",
		    CONFIG_KEYS_MAX);
	else if (error[0] == '\0' && !secret_is_redacted(&jump->passphrase))
		for (size_t i = 0; i < jump->private_keys.count; i++)
			judge_key(section, jump, i, passphrase);
	secret_free(passphrase);
}

/* With the method `key` at least one of the keys must be private. */
static void
require_private(const struct section *section, const struct config_jump *jump)
{
	char error[ERROR_MAX];
	bool are_public = jump->private_keys.count > 0;

	for (size_t i = 0; are_public && i < jump->private_keys.count; i++) {
		char *text = secret_load(&jump->private_keys.list[i], error,
		    sizeof error);

		are_public = text != NULL && ssh_key_is_public(text);
		secret_free(text);
	}
	if (are_public && config_uses_method(jump, AUTH_METHOD_AGENT) &&
	    config_uses_method(jump, AUTH_METHOD_KEY))
		config_section_error(section, "private_key",
		    place_of_key(section, 0),
		    ": auth_method key needs a private key, and a public "
		    "one only selects a key of the agent");
}

static bool
same_keys(const struct config_jump *a, const struct config_jump *b)
{
	return secret_all_equal(&a->private_keys, &b->private_keys) &&
	    secret_equal(&a->passphrase, &b->passphrase) &&
	    config_uses_method(a, AUTH_METHOD_AGENT) ==
	    config_uses_method(b, AUTH_METHOD_AGENT) &&
	    config_uses_method(a, AUTH_METHOD_KEY) ==
	    config_uses_method(b, AUTH_METHOD_KEY);
}

static bool
are_keys_judged(const struct config *cfg, const struct config_jump *jump)
{
	for (size_t i = 0; i < cfg->jump_box_count; i++)
		if (same_keys(&cfg->jump_boxes[i].settings, jump))
			return true;
	for (size_t i = 0; i < cfg->jump_count; i++)
		if (same_keys(&cfg->jumps[i], jump))
			return true;
	return false;
}

/* Judging a key takes as long as its owner wanted an attack to take. */
static bool
is_cancelled(const struct section *section)
{
	const atomic_bool *flag = section->reading->is_cancelled;

	return flag != NULL && atomic_load(flag);
}

void
config_credentials_judge(const struct section *section,
    const struct config *cfg, const struct config_jump *jump)
{
	if (is_wrong(jump))
		return;
	for (size_t i = 0;
	     !are_methods_judged(section) && i < jump->auth_methods.count; i++)
		require(section, jump, i);
	if (is_cancelled(section) || are_keys_judged(cfg, jump))
		return;
	judge_keys(section, jump);
	require_private(section, jump);
}

static bool
words_equal(const struct config_words *a, const struct config_words *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->list[i] != b->list[i])
			return false;
	return true;
}

bool
config_credentials_equal(const struct config_jump *a,
    const struct config_jump *b)
{
	return words_equal(&a->auth_methods, &b->auth_methods) &&
	    secret_equal(&a->password, &b->password) &&
	    secret_all_equal(&a->private_keys, &b->private_keys) &&
	    secret_equal(&a->passphrase, &b->passphrase) &&
	    secret_equal(&a->certificate, &b->certificate) &&
	    text_equal(a->agent_socket, b->agent_socket);
}
