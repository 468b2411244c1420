/* SPDX-License-Identifier: PostgreSQL */

/*
 * Keys in words.  The calls that judge a key, and the rows that say what is
 * wrong with it, are those of ssh/auth_key.c.
 */
#include "check/key.h"

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

static enum failure
judge(const char *text, const char *passphrase, struct check_key *out,
    struct fault *fault)
{
	struct ssh_key key = { 0 };
	enum ssh_key_verdict verdict = ssh_key_judge(text, passphrase, &key);

	if (verdict == SSH_KEY_GOOD)
		describe(out, &key);
	else
		fault_set(fault, FAIL_AUTH_KEY_UNUSABLE, "%s",
		    ssh_key_verdict_text(verdict));
	ssh_key_clear(&key);
	return fault->code;
}

static enum failure
judge_public(const char *text, struct check_key *out, struct fault *fault)
{
	struct ssh_key key = { 0 };

	if (ssh_key_read_public(text, &key))
		describe(out, &key);
	else
		fault_set(fault, FAIL_AUTH_KEY_UNUSABLE,
		    "with auth_method agent it must be a public key");
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

enum failure
check_key_read(const struct config_jump *jump, struct check_key *out,
    struct fault *fault)
{
	char *password = load(&jump->password, fault);
	char *passphrase = load(&jump->passphrase, fault);
	char *text = load(&jump->private_key, fault);

	memset(out, 0, sizeof *out);
	if (fault->code == FAIL_NONE && text != NULL) {
		if (jump->auth_method == AUTH_METHOD_AGENT)
			judge_public(text, out, fault);
		else
			judge(text, passphrase, out, fault);
	}
	secret_free(text);
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
	struct ssh_wire wire = { from->blob, from->blob_len }, type;
	char *base64, *line;
	struct ssh_key key;
	bool is_known;

	if (!ssh_wire_string(&wire, &type))
		return false;
	base64 = xmalloc(BASE64_TEXT_SIZE(from->blob_len));
	base64_encode(base64, from->blob, from->blob_len);
	line = xasprintf("%.*s %s", (int)type.left, (const char *)type.at,
	    base64);
	is_known = ssh_key_read_public(line, &key);
	if (is_known && strstr(key.type, SSH_CERTIFICATE_SUFFIX) != NULL) {
		ssh_key_clear(&key);
		is_known = false;
	}
	if (is_known) {
		snprintf(key.comment, sizeof key.comment, "%s", from->comment);
		describe(out, &key);
		ssh_key_clear(&key);
	}
	free(line);
	free(base64);
	return is_known;
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
