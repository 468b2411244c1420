/* SPDX-License-Identifier: PostgreSQL */

/*
 * The agent lists its keys and signs; libssh2 offers them and asks for the
 * signature by a callback.  sshd counts every key against MaxAuthTries, so a
 * public key in the configuration selects that one and its certificates, a
 * certificate itself alone, and without either the first few are offered.
 */
#include "ssh/auth_agent.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/secret.h"
#include "base/text.h"
#include "config/config.h"
#include "key/ssh_certificate.h"
#include "key/ssh_key.h"
#include "key/ssh_wire.h"
#include "ssh/agent.h"
#include "ssh/signature.h"
#include "ssh/transport.h"

/* sshd's default of MaxAuthTries is 6. */
#define OFFERS_MAX 5

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
	"ssh-rsa-cert-v01@openssh.com",
};

struct attempt {
	struct ssh_login *login;
	struct ssh_agent *agent;
	const struct ssh_agent_key *keys;
	size_t count;
	const struct ssh_agent_key *signer; /* of what is on offer now */
	size_t offered;
	bool has_more;         /* usable ones were not offered */
	enum failure obstacle; /* why at least one could not be offered */
	char obstacle_words[FAULT_WORDS_MAX];
	bool is_unsigned; /* the agent refused to sign with at least one */
	char refusal[128];
	char unlisted[FAULT_WORDS_MAX]; /* what it takes, where not this one */
	char fingerprints[FAULT_WORDS_MAX - 100]; /* of the offered keys */
	char skipped[200]; /* types of those that cannot be used */
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

static LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC(on_sign)
{
	struct attempt *attempt = *abstract;
	unsigned char *signature;
	bool is_signed;

	(void)session;
	tell(attempt->login, true);
	is_signed = ssh_agent_sign(attempt->agent, attempt->signer, data,
	    data_len, ssh_signature_flags(data, data_len), &signature, sig_len,
	    attempt->refusal, sizeof attempt->refusal);
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

static struct ssh_wire
blob_of(const struct ssh_agent_key *key)
{
	return (struct ssh_wire){ key->blob, key->blob_len };
}

static bool
is_usable(const struct ssh_agent_key *key)
{
	struct ssh_wire blob = blob_of(key), type;

	if (!ssh_wire_string(&blob, &type))
		return false;
	for (size_t i = 0; i < sizeof usable_types / sizeof *usable_types; i++)
		if (ssh_wire_is(&type, usable_types[i]))
			return true;
	return false;
}

static void __attribute__((format(printf, 3, 4)))
append(char *list, size_t size, const char *item, ...)
{
	size_t used = strlen(list);
	va_list args;

	if (used > 0)
		used += (size_t)snprintf(list + used, size - used, ", ");
	if (used >= size)
		return;
	va_start(args, item);
	vsnprintf(list + used, size - used, item, args);
	va_end(args);
}

/* A type is named once. */
static void
note_skipped(struct attempt *attempt, const struct ssh_agent_key *key)
{
	struct ssh_wire blob = blob_of(key), type = { NULL, 0 };
	char name[64];

	ssh_wire_string(&blob, &type);
	text_printable(name, sizeof name, type.at, type.left);
	if (strstr(attempt->skipped, name) == NULL)
		append(attempt->skipped, sizeof attempt->skipped, "%s", name);
}

static bool
is_certificate(struct ssh_wire blob)
{
	struct ssh_blob key;
	bool is_certified = ssh_certificate_key(blob, &key);

	free(key.bytes);
	return is_certified;
}

static enum ssh_outcome
ask(struct attempt *attempt, struct ssh_wire blob)
{
	struct ssh_login *login = attempt->login;
	const char *user = login->jump->username;
	void *abstract = attempt;
	int rc;

	ssh_login_begin_request(login);
	do
		rc = libssh2_userauth_publickey(login->session, user, blob.at,
		    blob.left, on_sign, &abstract);
	while (ssh_login_again(login, rc));
	return ssh_login_outcome(login, rc);
}

static void
note_accepted(struct ssh_login *login, struct ssh_wire blob,
    const char *fingerprint)
{
	if (!is_certificate(blob))
		ssh_login_accepted_by(login, "agent key %s", fingerprint);
	else if (ssh_certificate_permits(blob, "permit-port-forwarding"))
		ssh_login_accepted_by(login, "agent certificate of %s",
		    fingerprint);
	else
		ssh_login_accepted_by(login,
		    "agent certificate of %s without permit-port-forwarding",
		    fingerprint);
}

/* A key or a certificate, for which that key of the agent signs. */
static enum ssh_outcome
offer(struct attempt *attempt, struct ssh_wire blob,
    const struct ssh_agent_key *signer)
{
	struct ssh_login *login = attempt->login;
	char words[FAULT_WORDS_MAX], fingerprint[64];
	enum failure obstacle = ssh_signature_obstacle(login, blob, words);
	enum ssh_outcome outcome;

	if (obstacle != FAIL_NONE) {
		attempt->obstacle = obstacle;
		memcpy(attempt->obstacle_words, words, sizeof words);
		return SSH_OUTCOME_UNASKED;
	}
	attempt->signer = signer;
	attempt->offered++;
	ssh_key_fingerprint(blob.at, blob.left, fingerprint);
	append(attempt->fingerprints, sizeof attempt->fingerprints, "%s%s",
	    is_certificate(blob) ? "certificate of " : "", fingerprint);
	do
		outcome = ask(attempt, blob);
	while (ssh_signature_again(login, blob, outcome));
	if (outcome == SSH_OUTCOME_REJECTED || outcome == SSH_OUTCOME_TOO_MANY)
		ssh_signature_is_unlisted(login, blob, attempt->unlisted);
	if (outcome == SSH_OUTCOME_ACCEPTED || outcome == SSH_OUTCOME_PARTIAL)
		note_accepted(login, blob, fingerprint);
	return outcome;
}

/* Whether the next one may be offered. */
static bool
is_next(enum ssh_outcome outcome)
{
	return outcome == SSH_OUTCOME_REJECTED ||
	    outcome == SSH_OUTCOME_UNASKED;
}

static bool
is_waiting(const struct attempt *attempt)
{
	return attempt->is_unsigned &&
	    clock_ms() >= attempt->login->deadline_ms;
}

/* No request was made of the jump box, or none could be signed. */
static enum failure
nearest_cause(const struct attempt *attempt, const char **words)
{
	*words = "";
	if (attempt->is_unsigned) {
		*words = attempt->refusal;
		return FAIL_AUTH_AGENT_FAILED;
	}
	if (attempt->offered > 0)
		return FAIL_NONE;
	if (attempt->obstacle == FAIL_NONE)
		return FAIL_AUTH_AGENT_EMPTY;
	*words = attempt->obstacle_words;
	return attempt->obstacle;
}

static void
note_all(struct attempt *attempt)
{
	struct ssh_login *login = attempt->login;

	if (attempt->offered > 0 && attempt->obstacle != FAIL_NONE)
		fault_note(login->fault, "offered no RSA key, for %s",
		    attempt->obstacle_words);
	if (attempt->skipped[0] != '\0')
		fault_note(login->fault,
		    "skipped keys of the agent that pgjump cannot use: %s",
		    attempt->skipped);
	ssh_signature_note(login);
}

/*
 * True where something nearer than a refused key ended the login: its fault is
 * then set, and outcome is to be returned.
 */
static bool
failed_before(struct attempt *attempt, enum ssh_outcome *outcome)
{
	struct ssh_login *login = attempt->login;
	const char *words;
	enum failure code = nearest_cause(attempt, &words);

	*outcome = SSH_OUTCOME_FAILED;
	if (ssh_login_notice_cancel(login))
		return true;
	if (is_waiting(attempt)) {
		*outcome = fail_waiting(login);
		return true;
	}
	note_all(attempt);
	if (code == FAIL_NONE)
		return false;
	*outcome = fail(login, code, words);
	return true;
}

/* None was accepted: why, from the nearest cause to the farthest. */
static enum ssh_outcome
fail_all(struct attempt *attempt)
{
	struct ssh_login *login = attempt->login;
	enum ssh_outcome outcome;

	if (failed_before(attempt, &outcome))
		return outcome;
	if (attempt->unlisted[0] != '\0')
		fault_note(login->fault, "%s", attempt->unlisted);
	fault_set(login->fault,
	    attempt->has_more ? FAIL_AUTH_AGENT_MANY : FAIL_AUTH_AGENT_REFUSED,
	    "offered %s%zu of %zu keys: %s", attempt->has_more ? "only " : "",
	    attempt->offered, attempt->count, attempt->fingerprints);
	return outcome;
}

static enum ssh_outcome
fail_selected(struct attempt *attempt, struct ssh_wire wanted)
{
	struct ssh_login *login = attempt->login;
	enum ssh_outcome outcome;

	if (failed_before(attempt, &outcome))
		return outcome;
	fault_note(login->fault, "offered the key %s", attempt->fingerprints);
	if (attempt->unlisted[0] != '\0')
		return fail(login, FAIL_AUTH_ALGORITHM, attempt->unlisted);
	return fail(login,
	    is_certificate(wanted) ? FAIL_AUTH_CERTIFICATE
				   : FAIL_AUTH_KEY_REJECTED,
	    "");
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
		const struct ssh_agent_key *key = &attempt->keys[i];
		enum ssh_outcome outcome;

		if (!ssh_agent_is_usable(attempt->agent))
			break;
		if (!is_usable(key)) {
			note_skipped(attempt, key);
			continue;
		}
		if (attempt->offered == OFFERS_MAX) {
			attempt->has_more = true;
			break;
		}
		outcome = offer(attempt, blob_of(key), key);
		if (outcome == SSH_OUTCOME_TOO_MANY)
			return fail_too_many(attempt);
		if (!is_next(outcome))
			return outcome;
	}
	return fail_all(attempt);
}

static bool
is_same(struct ssh_wire a, struct ssh_wire b)
{
	return a.left == b.left && memcmp(a.at, b.at, a.left) == 0;
}

/* A key that signs for `wanted`: itself, or the one that it certifies. */
static const struct ssh_agent_key *
find_signer(const struct attempt *attempt, struct ssh_wire wanted)
{
	for (size_t i = 0; i < attempt->count; i++)
		if (is_same(blob_of(&attempt->keys[i]), wanted))
			return &attempt->keys[i];
	for (size_t i = 0; i < attempt->count; i++)
		if (ssh_certificate_is_of(wanted, blob_of(&attempt->keys[i])))
			return &attempt->keys[i];
	return NULL;
}

/* As ssh(1) does, certificates first: a server that knows their authority need
 * not know the key. */
static enum ssh_outcome
offer_certificates(struct attempt *attempt, struct ssh_wire wanted)
{
	enum ssh_outcome outcome = SSH_OUTCOME_UNASKED;

	for (size_t i = 0; i < attempt->count && is_next(outcome) &&
	     attempt->offered + 1 < OFFERS_MAX;
	     i++) {
		struct ssh_wire blob = blob_of(&attempt->keys[i]);

		if (ssh_certificate_is_of(blob, wanted))
			outcome = offer(attempt, blob, &attempt->keys[i]);
	}
	return outcome;
}

static enum ssh_outcome
offer_wanted(struct attempt *attempt, const struct ssh_key *wanted)
{
	struct ssh_wire blob = { wanted->blob, wanted->blob_len };
	const struct ssh_agent_key *signer = find_signer(attempt, blob);
	enum ssh_outcome outcome = offer_certificates(attempt, blob);

	if (is_next(outcome) && signer != NULL)
		outcome = offer(attempt, blob, signer);
	else if (outcome == SSH_OUTCOME_UNASKED &&
	    attempt->obstacle == FAIL_NONE)
		return fail(attempt->login, FAIL_AUTH_AGENT_KEY,
		    wanted->fingerprint);
	if (is_next(outcome) || outcome == SSH_OUTCOME_TOO_MANY)
		return fail_selected(attempt, blob);
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
	if (ssh_login_notice_cancel(login))
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
		return ssh_login_notice_cancel(login)
		    ? SSH_OUTCOME_FAILED
		    : fail(login, FAIL_AUTH_AGENT_ABSENT, words);
	outcome = with_agent(&attempt);
	ssh_agent_close(attempt.agent);
	return outcome;
}
