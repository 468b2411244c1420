/* SPDX-License-Identifier: PostgreSQL */

/*
 * Keys in words.  The calls that judge a key, and the rows that say what is
 * wrong with it, are those of ssh/auth_key.c.
 */
#include "check/key.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "key/base64.h"
#include "key/ssh_certificate.h"
#include "key/ssh_key.h"
#include "key/ssh_wire.h"
#include "ssh/agent.h"

static void
describe(struct check_key *out, const struct ssh_key *key)
{
	text_printable(out->comment, sizeof out->comment, key->comment,
	    strlen(key->comment));
	snprintf(out->type, sizeof out->type, "%s", key->type);
	memcpy(out->fingerprint, key->fingerprint, sizeof out->fingerprint);
	out->rsa_bits = ssh_key_rsa_bits(key->blob, key->blob_len);
	snprintf(out->line, sizeof out->line, "%s%s%s", key->public_line,
	    out->comment[0] != '\0' ? " " : "", out->comment);
}

/* Describe a public key in wire format; false: its type is not known here. */
static bool
describe_blob(const unsigned char *blob, size_t len, const char *comment,
    struct check_key *out)
{
	struct ssh_wire wire = { blob, len }, type;
	char *base64, *line;
	struct ssh_key key;
	bool is_known;

	if (!ssh_wire_string(&wire, &type))
		return false;
	base64 = xmalloc(BASE64_TEXT_SIZE(len));
	base64_encode(base64, blob, len);
	line = xasprintf("%.*s %s", (int)type.left, (const char *)type.at,
	    base64);
	is_known = ssh_key_read_public(line, &key);
	if (is_known) {
		snprintf(key.comment, sizeof key.comment, "%s", comment);
		describe(out, &key);
		ssh_key_clear(&key);
	}
	free(line);
	free(base64);
	return is_known;
}

/*
 * An encrypted key without a passphrase may be one of the agent, and others may
 * stand in for it.
 */
static bool
is_dispensable(const struct config_jump *jump, enum ssh_key_verdict verdict,
    const char *text, struct check_key *out)
{
	struct ssh_blob half;
	bool is_known;

	if (verdict != SSH_KEY_NEEDS_PASSPHRASE ||
	    (jump->auth_methods.count == 1 && jump->private_keys.count == 1))
		return false;
	is_known = ssh_key_public_half(text, &half);
	if (is_known)
		describe_blob(half.bytes, half.len, "", out);
	free(half.bytes);
	return is_known;
}

static enum failure
judge(const struct config_jump *jump, const char *text, const char *passphrase,
    struct check_key *out, struct fault *fault)
{
	struct ssh_key key = { 0 };
	enum ssh_key_verdict verdict = SSH_KEY_GOOD;

	if (!config_uses_method(jump, AUTH_METHOD_AGENT) ||
	    !ssh_key_read_public(text, &key))
		verdict = ssh_key_judge(text, passphrase, &key);
	if (verdict == SSH_KEY_GOOD)
		describe(out, &key);
	else if (!is_dispensable(jump, verdict, text, out))
		fault_set(fault, FAIL_AUTH_KEY_UNUSABLE, "%s",
		    ssh_key_verdict_text(verdict));
	ssh_key_clear(&key);
	return fault->code;
}

/* The text, or NULL; with a fault if it is configured and cannot be read. */
static char *
load(const struct secret *secret, struct fault *fault)
{
	char error[FAULT_WORDS_MAX] = "";
	char *text = secret_load(secret, error, sizeof error);

	if (text == NULL && error[0] != '\0')
		fault_set(fault, FAIL_AUTH_SECRET_UNREADABLE, "%s", error);
	return text;
}

static void
read_one(const struct config_jump *jump, const struct secret *from,
    const char *passphrase, struct check_keys *out, struct fault *fault)
{
	char *text = load(from, fault);

	if (text != NULL && fault->code == FAIL_NONE &&
	    judge(jump, text, passphrase, &out->list[out->count], fault) ==
		FAIL_NONE)
		out->count++;
	secret_free(text);
}

enum failure
check_key_read(const struct config_jump *jump, struct check_keys *out,
    struct fault *fault)
{
	char *password = load(&jump->password, fault);
	char *passphrase = load(&jump->passphrase, fault);

	memset(out, 0, sizeof *out);
	for (size_t i = 0;
	     i < jump->private_keys.count && out->count < CONFIG_KEYS_MAX; i++)
		read_one(jump, &jump->private_keys.list[i], passphrase, out,
		    fault);
	secret_free(passphrase);
	secret_free(password);
	return fault->code;
}

/*
 * Describe a key of the agent; false: it is a certificate, or not known here.
 */
static bool
take_agent_key(const struct ssh_agent_key *from, struct check_key *out)
{
	const char *type = ssh_key_type(from->blob, from->blob_len);

	return type != NULL && strstr(type, SSH_CERTIFICATE_SUFFIX) == NULL &&
	    describe_blob(from->blob, from->blob_len, from->comment, out);
}

bool
check_key_ask_agent(const struct config_jump *jump, struct check_key *out,
    int64_t deadline_ms, int cancel_fd)
{
	char words[FAULT_WORDS_MAX];
	struct ssh_agent *agent = ssh_agent_open(jump->agent_socket,
	    deadline_ms, cancel_fd, words, sizeof words);
	const struct ssh_agent_key *keys;
	size_t count = 0, found = 0;

	memset(out, 0, sizeof *out);
	if (agent == NULL)
		return false;
	if (!ssh_agent_list(agent, &keys, &count, words, sizeof words))
		count = 0;
	for (size_t i = 0; i < count; i++)
		found += take_agent_key(&keys[i], out);
	if (found != 1)
		memset(out, 0, sizeof *out);
	ssh_agent_close(agent);
	return found == 1;
}

void
check_key_describe(const struct check_key *key, char *buf, size_t size)
{
	snprintf(buf, size, "%s %s%s%s%s", key->type, key->fingerprint,
	    key->comment[0] != '\0' ? " (" : "", key->comment,
	    key->comment[0] != '\0' ? ")" : "");
}

/* In a configuration, and in a sentence. */
static const struct {
	const char *word, *phrase;
} methods[AUTH_METHOD_COUNT] = {
	[AUTH_METHOD_PASSWORD] = { "password", "a password" },
	[AUTH_METHOD_KEY] = { "key", NULL },
	[AUTH_METHOD_AGENT] = { "agent", "a key of the SSH agent" },
	[AUTH_METHOD_NONE] = { "none", "nothing but the user's name" },
};

const char *
check_key_method_name(enum auth_method method)
{
	return methods[method].word;
}

static void __attribute__((format(printf, 3, 4)))
append(char *buf, size_t size, const char *format, ...)
{
	size_t used = strlen(buf);
	va_list args;

	if (used > 0)
		used += (size_t)snprintf(buf + used, size - used, ", then ");
	if (used >= size)
		return;
	va_start(args, format);
	vsnprintf(buf + used, size - used, format, args);
	va_end(args);
}

/* Without the comments, which would make a list of them long. */
static void
append_keys(const struct check_keys *keys, char *buf, size_t size)
{
	for (size_t i = 0; i < keys->count; i++)
		append(buf, size, "key %s %s", keys->list[i].type,
		    keys->list[i].fingerprint);
}

void
check_key_order(const struct config_jump *jump, const struct check_keys *keys,
    char *buf, size_t size)
{
	buf[0] = '\0';
	for (size_t i = 0; i < jump->auth_methods.count; i++) {
		enum auth_method method = jump->auth_methods.list[i];

		if (method == AUTH_METHOD_KEY)
			append_keys(keys, buf, size);
		else
			append(buf, size, "%s", methods[method].phrase);
	}
}
