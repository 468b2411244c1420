/* SPDX-License-Identifier: PostgreSQL */

/*
 * The agent lists its keys and signs; libssh2 offers them and asks for the
 * signature by a callback.  sshd counts every key against MaxAuthTries, so a
 * public key in the configuration selects the only one, and without it the
 * first few are offered.
 */
#include "ssh_auth_agent.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "config.h"
#include "secret.h"
#include "ssh_agent.h"
#include "ssh_key.h"
#include "ssh_signature.h"
#include "ssh_transport.h"
#include "ssh_wire.h"

/* sshd's default of MaxAuthTries is 6. */
#define OFFERS_MAX 5

/* Flags of the agent protocol for RSA keys. */
enum {
	SIGN_RSA_SHA2_256 = 2,
	SIGN_RSA_SHA2_512 = 4,
};

/* Types that libssh2 can log in with; security keys it cannot by an agent. */
static const char *const usable_types[] = {
	"ssh-ed25519",
	"ecdsa-sha2-nistp256",
	"ecdsa-sha2-nistp384",
	"ecdsa-sha2-nistp521",
	"ssh-rsa",
	"ssh-ed25519-cert-v01@openssh.com",
	"ecdsa-sha2-nistp256-cert-v01@openssh.com",
	"ecdsa-sha2-nistp384-cert-v01@openssh.com",
	"ecdsa-sha2-nistp521-cert-v01@openssh.com",
};

struct attempt {
	struct ssh_login *login;
	struct ssh_agent *agent;
	const struct ssh_agent_key *keys;
	size_t count;
	const struct ssh_agent_key *key; /* on offer now */
	size_t offered;
	enum failure obstacle; /* why at least one could not be offered */
	char obstacle_words[FAULT_WORDS_MAX];
	bool is_unsigned; /* the agent refused to sign with at least one */
	char refusal[128];
	char unlisted[FAULT_WORDS_MAX]; /* what it takes, where not this one */
	char fingerprints[FAULT_WORDS_MAX - 100]; /* of the offered keys */
};

static enum ssh_outcome
fail(struct ssh_login *login, enum failure code, const char *words)
{
	fault_set(login->fault, code, "%s", words);
	return SSH_OUTCOME_FAILED;
}

/* An agent may ask a person before it answers. */
static void
tell(const struct ssh_login *login, bool is_asked)
{
	if (login->on_agent != NULL)
		login->on_agent(login->agent_arg, is_asked);
}

/* Its time ran out with the agent. */
static enum ssh_outcome
fail_waiting(struct ssh_login *login)
{
	return fail(login, FAIL_AUTH_AGENT_WAITS,
	    clock_text(login->deadline_ms - login->started_ms).text);
}

/*
 * What is signed (RFC 4252, 7): session identifier, byte 50, user, service,
 * "publickey", TRUE, algorithm, key.
 */
static uint32_t
flags_for(const unsigned char *data, size_t len)
{
	struct ssh_wire wire = { data, len }, skipped, algorithm;

	if (!ssh_wire_string(&wire, &skipped) || wire.left < 1)
		return 0;
	wire.at++, wire.left--;
	for (int i = 0; i < 3; i++)
		if (!ssh_wire_string(&wire, &skipped))
			return 0;
	if (wire.left < 1)
		return 0;
	wire.at++, wire.left--;
	if (!ssh_wire_string(&wire, &algorithm))
		return 0;
	if (ssh_wire_is(&algorithm, "rsa-sha2-512"))
		return SIGN_RSA_SHA2_512;
	return ssh_wire_is(&algorithm, "rsa-sha2-256") ? SIGN_RSA_SHA2_256 : 0;
}

static LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC(on_sign)
{
	struct attempt *attempt = *abstract;
	unsigned char *signature;
	bool is_signed;

	(void)session;
	tell(attempt->login, true);
	is_signed = ssh_agent_sign(attempt->agent, attempt->key, data, data_len,
	    flags_for(data, data_len), &signature, sig_len, attempt->refusal,
	    sizeof attempt->refusal);
	tell(attempt->login, false);
	if (is_signed) {
		*sig = ssh_transport_give(attempt->login->transport, signature,
		    *sig_len);
		free(signature);
		return 0;
	}
	attempt->is_unsigned = true;
	return LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED;
}

static bool
is_usable(const struct ssh_agent_key *key)
{
	struct ssh_wire blob = { key->blob, key->blob_len }, type;

	if (!ssh_wire_string(&blob, &type))
		return false;
	for (size_t i = 0; i < sizeof usable_types / sizeof *usable_types; i++)
		if (ssh_wire_is(&type, usable_types[i]))
			return true;
	return false;
}

static void
note_offer(struct attempt *attempt, const char *fingerprint)
{
	size_t used = strlen(attempt->fingerprints);

	snprintf(attempt->fingerprints + used,
	    sizeof attempt->fingerprints - used, "%s%s", used > 0 ? ", " : "",
	    fingerprint);
	attempt->offered++;
}

static enum ssh_outcome
ask(struct attempt *attempt)
{
	struct ssh_login *login = attempt->login;
	const char *user = login->jump->username;
	void *abstract = attempt;
	int rc;

	ssh_login_ask(login);
	do
		rc = libssh2_userauth_publickey(login->session, user,
		    attempt->key->blob, attempt->key->blob_len, on_sign,
		    &abstract);
	while (ssh_login_again(login, rc));
	return ssh_login_outcome(login, rc);
}

static enum ssh_outcome
offer(struct attempt *attempt, const struct ssh_agent_key *key)
{
	struct ssh_login *login = attempt->login;
	struct ssh_wire blob = { key->blob, key->blob_len };
	enum failure obstacle;
	char words[FAULT_WORDS_MAX], fingerprint[64];
	enum ssh_outcome outcome;

	obstacle = ssh_signature_obstacle(login, blob, words);
	if (obstacle != FAIL_NONE) {
		attempt->obstacle = obstacle;
		memcpy(attempt->obstacle_words, words, sizeof words);
		return SSH_OUTCOME_UNASKED;
	}
	attempt->key = key;
	ssh_key_fingerprint(key->blob, key->blob_len, fingerprint);
	note_offer(attempt, fingerprint);
	do
		outcome = ask(attempt);
	while (ssh_signature_again(login, blob, outcome));
	if (outcome == SSH_OUTCOME_REJECTED || outcome == SSH_OUTCOME_TOO_MANY)
		ssh_signature_is_unlisted(login, blob, attempt->unlisted);
	if (outcome == SSH_OUTCOME_ACCEPTED || outcome == SSH_OUTCOME_PARTIAL)
		ssh_login_accepted_by(login, "agent key %s", fingerprint);
	return outcome;
}

/* None was accepted: why, from the nearest cause to the farthest. */
static enum ssh_outcome
fail_all(struct attempt *attempt, bool is_selected)
{
	struct ssh_login *login = attempt->login;

	if (ssh_login_cancelled(login))
		return SSH_OUTCOME_FAILED;
	if (attempt->is_unsigned && clock_ms() >= login->deadline_ms)
		return fail_waiting(login);
	if (attempt->is_unsigned)
		return fail(login, FAIL_AUTH_AGENT_FAILED, attempt->refusal);
	if (attempt->offered == 0 && attempt->obstacle != FAIL_NONE)
		return fail(login, attempt->obstacle, attempt->obstacle_words);
	if (attempt->offered == 0)
		return fail(login, FAIL_AUTH_AGENT_EMPTY, "");
	if (attempt->obstacle != FAIL_NONE)
		fault_note(login->fault, "offered no RSA key, for %s",
		    attempt->obstacle_words);
	ssh_signature_note(login);
	if (is_selected) {
		fault_note(login->fault, "offered the key %s",
		    attempt->fingerprints);
		if (attempt->unlisted[0] != '\0')
			return fail(login, FAIL_AUTH_ALGORITHM,
			    attempt->unlisted);
		return fail(login, FAIL_AUTH_KEY_REJECTED, "");
	}
	if (attempt->unlisted[0] != '\0')
		fault_note(login->fault, "%s", attempt->unlisted);
	fault_set(login->fault, FAIL_AUTH_AGENT_REFUSED,
	    "offered %zu of %zu keys: %s", attempt->offered, attempt->count,
	    attempt->fingerprints);
	return SSH_OUTCOME_FAILED;
}

static enum ssh_outcome
fail_too_many(struct attempt *attempt)
{
	fault_set(attempt->login->fault, FAIL_AUTH_TOO_MANY,
	    "too many authentication failures after %zu of %zu keys: %s",
	    attempt->offered, attempt->count, attempt->fingerprints);
	return SSH_OUTCOME_FAILED;
}

static enum ssh_outcome
offer_some(struct attempt *attempt)
{
	for (size_t i = 0; i < attempt->count; i++) {
		enum ssh_outcome outcome;

		if (attempt->offered == OFFERS_MAX ||
		    !ssh_agent_is_usable(attempt->agent))
			break;
		if (!is_usable(&attempt->keys[i]))
			continue;
		outcome = offer(attempt, &attempt->keys[i]);
		if (outcome == SSH_OUTCOME_TOO_MANY)
			return fail_too_many(attempt);
		if (outcome != SSH_OUTCOME_REJECTED &&
		    outcome != SSH_OUTCOME_UNASKED)
			return outcome;
	}
	return fail_all(attempt, false);
}

static const struct ssh_agent_key *
find(const struct attempt *attempt, const struct ssh_key *wanted)
{
	for (size_t i = 0; i < attempt->count; i++)
		if (attempt->keys[i].blob_len == wanted->blob_len &&
		    memcmp(attempt->keys[i].blob, wanted->blob,
			wanted->blob_len) == 0)
			return &attempt->keys[i];
	return NULL;
}

static enum ssh_outcome
offer_wanted(struct attempt *attempt, const struct ssh_key *wanted)
{
	const struct ssh_agent_key *key = find(attempt, wanted);
	enum ssh_outcome outcome;

	if (key == NULL)
		return fail(attempt->login, FAIL_AUTH_AGENT_KEY,
		    wanted->fingerprint);
	outcome = offer(attempt, key);
	if (outcome == SSH_OUTCOME_REJECTED ||
	    outcome == SSH_OUTCOME_TOO_MANY || outcome == SSH_OUTCOME_UNASKED)
		return fail_all(attempt, true);
	return outcome;
}

static enum ssh_outcome
offer_selected(struct attempt *attempt)
{
	struct ssh_login *login = attempt->login;
	char error[FAULT_WORDS_MAX];
	char *text = secret_load(&login->jump->private_key, error,
	    sizeof error);
	struct ssh_key wanted = { 0 };
	enum ssh_outcome outcome;

	if (text == NULL)
		outcome = fail(login, FAIL_AUTH_SECRET_UNREADABLE, error);
	else if (!ssh_key_read_public(text, &wanted))
		outcome = fail(login, FAIL_AUTH_KEY_UNUSABLE,
		    "with auth_method agent it must be a public key");
	else
		outcome = offer_wanted(attempt, &wanted);
	ssh_key_clear(&wanted);
	secret_free(text);
	return outcome;
}

static bool
list_keys(struct attempt *attempt, char *words, size_t size)
{
	bool is_listed;

	tell(attempt->login, true);
	is_listed = ssh_agent_list(attempt->agent, &attempt->keys,
	    &attempt->count, words, size);
	tell(attempt->login, false);
	return is_listed;
}

static enum ssh_outcome
fail_unlisted(struct ssh_login *login, const char *words)
{
	if (ssh_login_cancelled(login))
		return SSH_OUTCOME_FAILED;
	if (clock_ms() >= login->deadline_ms)
		return fail_waiting(login);
	return fail(login, FAIL_AUTH_AGENT_ABSENT, words);
}

static enum ssh_outcome
with_agent(struct attempt *attempt)
{
	struct ssh_login *login = attempt->login;
	char words[FAULT_WORDS_MAX];

	if (!list_keys(attempt, words, sizeof words))
		return fail_unlisted(login, words);
	if (attempt->count == 0)
		return fail(login, FAIL_AUTH_AGENT_EMPTY, "");
	return secret_is_set(&login->jump->private_key)
	    ? offer_selected(attempt)
	    : offer_some(attempt);
}

enum ssh_outcome
ssh_auth_agent(struct ssh_login *login, const char *method)
{
	struct attempt attempt = { .login = login };
	char words[FAULT_WORDS_MAX];
	enum ssh_outcome outcome;

	(void)method;
	attempt.agent = ssh_agent_open(login->deadline_ms, login->cancel_fd,
	    words, sizeof words);
	if (attempt.agent == NULL)
		return ssh_login_cancelled(login)
		    ? SSH_OUTCOME_FAILED
		    : fail(login, FAIL_AUTH_AGENT_ABSENT, words);
	outcome = with_agent(&attempt);
	ssh_agent_close(attempt.agent);
	return outcome;
}
