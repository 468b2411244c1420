/* SPDX-License-Identifier: PostgreSQL */

/*
 * key/ssh_key.h judges the private key before libssh2 sees it, so that any
 * later error is the jump box's opinion.  We always pass the public key too,
 * since libssh2 would otherwise decrypt the private key twice.
 */
#include "ssh/auth_key.h"

#include <stddef.h>
#include <string.h>

#include "base/fault.h"
#include "base/secret.h"
#include "config/config.h"
#include "key/ssh_key.h"
#include "ssh/signature.h"
#include "ssh/transport.h"

static enum ssh_outcome
conclude(struct ssh_login *login, const struct ssh_key *key,
    enum ssh_outcome outcome)
{
	struct ssh_wire blob = { key->blob, key->blob_len };
	char words[FAULT_WORDS_MAX];

	switch (outcome) {
	case SSH_OUTCOME_ACCEPTED:
	case SSH_OUTCOME_PARTIAL:
		ssh_login_accepted_by(login, "key %s", key->fingerprint);
		ssh_tried_add(&login->tried, SSH_TRIED_KEY, key->fingerprint,
		    SSH_TRIED_ACCEPTED, "");
		return outcome;
	case SSH_OUTCOME_REJECTED:
	case SSH_OUTCOME_TOO_MANY:
		ssh_tried_add(&login->tried, SSH_TRIED_KEY, key->fingerprint,
		    SSH_TRIED_REJECTED, "");
		ssh_signature_note(login);
		if (ssh_signature_is_unlisted(login, blob, words))
			return ssh_login_fail(login, FAIL_AUTH_ALGORITHM,
			    words);
		return ssh_login_fail(login, FAIL_AUTH_KEY_REJECTED, "");
	case SSH_OUTCOME_UNASKED:
		return ssh_login_fail(login, FAIL_AUTH_KEY_UNUSABLE,
		    ssh_login_error(login));
	case SSH_OUTCOME_FAILED:
		break;
	}
	return SSH_OUTCOME_FAILED;
}

static enum ssh_outcome
ask(struct ssh_login *login, const struct ssh_key *key, const char *passphrase)
{
	const char *user = login->jump->username;
	int rc;

	ssh_login_begin_request(login);
	ssh_transport_let_libc_free(login->transport, true);
	do
		rc = libssh2_userauth_publickey_frommemory(login->session, user,
		    strlen(user), key->public_line, strlen(key->public_line),
		    key->text, strlen(key->text), passphrase);
	while (ssh_login_again(login, rc));
	ssh_transport_let_libc_free(login->transport, false);
	return ssh_login_outcome(login, rc);
}

static void
note_offer(struct ssh_login *login, const struct ssh_key *key)
{
	unsigned bits = ssh_key_rsa_bits(key->blob, key->blob_len);

	if (bits > 0)
		fault_note(login->fault, "offered the %s key %s of %u bits",
		    key->type, key->fingerprint, bits);
	else
		fault_note(login->fault, "offered the %s key %s", key->type,
		    key->fingerprint);
}

static enum ssh_outcome
offer(struct ssh_login *login, const struct ssh_key *key,
    const char *passphrase)
{
	struct ssh_wire blob = { key->blob, key->blob_len };
	char words[FAULT_WORDS_MAX];
	enum failure obstacle = ssh_signature_obstacle(login, blob, words);
	enum ssh_outcome outcome;

	if (obstacle != FAIL_NONE) {
		ssh_tried_add(&login->tried, SSH_TRIED_KEY, key->fingerprint,
		    SSH_TRIED_UNASKED, words);
		return ssh_login_fail(login, obstacle, words);
	}
	note_offer(login, key);
	login->tried.keys++;
	do
		outcome = ask(login, key, passphrase);
	while (ssh_signature_again(login, blob, outcome));
	return conclude(login, key, outcome);
}

/* Why a key cannot be offered, told with its file where it has one. */
static enum ssh_outcome
fail_unusable(struct ssh_login *login, const struct secret *from,
    enum failure code, const char *words)
{
	ssh_tried_add(&login->tried, SSH_TRIED_KEY,
	    from->path != NULL ? from->path : "", SSH_TRIED_UNASKED, words);
	return ssh_login_fail(login, code, words);
}

/* Offer the key, unless the agent has offered it in vain. */
static enum ssh_outcome
judge_and_offer(struct ssh_login *login, const struct secret *from,
    const char *text, const char *passphrase)
{
	struct ssh_key key = { 0 };
	enum ssh_key_verdict verdict = ssh_key_judge(text, passphrase, &key);
	enum ssh_outcome outcome = SSH_OUTCOME_UNASKED;

	if (verdict != SSH_KEY_GOOD)
		outcome = fail_unusable(login, from, FAIL_AUTH_KEY_UNUSABLE,
		    ssh_key_verdict_text(verdict));
	else if (!ssh_tried_has_rejected(&login->tried, key.fingerprint))
		outcome = offer(login, &key, passphrase);
	ssh_key_clear(&key);
	return outcome;
}

static enum ssh_outcome
load_and_offer(struct ssh_login *login, const struct secret *from)
{
	char key_error[FAULT_WORDS_MAX], passphrase_error[FAULT_WORDS_MAX];
	char *text = secret_load(from, key_error, sizeof key_error);
	char *passphrase = secret_load(&login->jump->passphrase,
	    passphrase_error, sizeof passphrase_error);
	enum ssh_outcome outcome;

	if (text == NULL)
		outcome = fail_unusable(login, from,
		    FAIL_AUTH_SECRET_UNREADABLE, key_error);
	else if (passphrase == NULL && passphrase_error[0] != '\0')
		outcome = fail_unusable(login, from,
		    FAIL_AUTH_SECRET_UNREADABLE, passphrase_error);
	else if (config_uses_method(login->jump, AUTH_METHOD_AGENT) &&
	    ssh_key_is_public(text))
		outcome = SSH_OUTCOME_UNASKED; /* it selects one of the agent */
	else
		outcome = judge_and_offer(login, from, text, passphrase);
	secret_free(text);
	secret_free(passphrase);
	return outcome;
}

enum ssh_outcome
ssh_auth_key(struct ssh_login *login, const char *method)
{
	const struct secrets *keys = &login->jump->private_keys;
	enum ssh_outcome outcome = SSH_OUTCOME_UNASKED;

	(void)method;
	while (outcome == SSH_OUTCOME_UNASKED && login->next_key < keys->count)
		outcome = load_and_offer(login, &keys->list[login->next_key++]);
	return outcome;
}
