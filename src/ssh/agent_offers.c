/* SPDX-License-Identifier: PostgreSQL */

/*
 * libssh2 offers a key and asks for the signature by a callback, in which the
 * agent signs.  When no key is accepted, the cause nearest to this machine is
 * told: an agent that waits or refuses comes before a key that is rejected.
 */
#include "ssh/agent_offers.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "config/config.h"
#include "key/ssh_certificate.h"
#include "key/ssh_key.h"
#include "ssh/agent.h"
#include "ssh/signature.h"
#include "ssh/transport.h"
#include "ssh/user_certificate.h"

/* The user is told, since an agent may ask a person before it answers. */
static void
tell(const struct ssh_login *login, bool is_asked)
{
	if (login->on_agent != NULL)
		login->on_agent(login->agent_arg, is_asked);
}

/* The time of the login ran out while the agent was asked. */
static enum ssh_outcome
fail_waiting(struct ssh_login *login)
{
	return ssh_login_fail(login, FAIL_AUTH_AGENT_WAITS,
	    clock_text(login->deadline_ms - login->started_ms).text);
}

static enum ssh_outcome
fail_unlisted(struct ssh_login *login, const char *words)
{
	if (ssh_login_notice_cancel(login))
		return SSH_OUTCOME_FAILED;
	if (clock_ms() >= login->deadline_ms)
		return fail_waiting(login);
	return ssh_login_fail(login, FAIL_AUTH_AGENT_ABSENT, words);
}

static bool
list(struct ssh_agent_offers *offers, char *words, size_t size)
{
	bool is_listed;

	tell(offers->login, true);
	is_listed = ssh_agent_list(offers->agent, &offers->keys, &offers->count,
	    words, size);
	tell(offers->login, false);
	return is_listed;
}

bool
ssh_agent_offers_list(struct ssh_agent_offers *offers)
{
	char words[FAULT_WORDS_MAX];

	if (!list(offers, words, sizeof words)) {
		fail_unlisted(offers->login, words);
		return false;
	}
	if (offers->count == 0)
		ssh_login_fail(offers->login, FAIL_AUTH_AGENT_EMPTY, "");
	return offers->count > 0;
}

static LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC(on_sign)
{
	struct ssh_agent_offers *offers = *abstract;
	unsigned char *signature;
	bool is_signed;

	(void)session;
	tell(offers->login, true);
	is_signed = ssh_agent_sign(offers->agent, offers->signer, data,
	    data_len, ssh_signature_flags(data, data_len), &signature, sig_len,
	    offers->refusal, sizeof offers->refusal);
	tell(offers->login, false);
	if (is_signed) {
		*sig = ssh_transport_give(offers->login->transport, signature,
		    *sig_len);
		free(signature);
		return 0;
	}
	offers->is_unsigned = true;
	return LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED;
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

/* Name each type once. */
void
ssh_agent_offers_skip(struct ssh_agent_offers *offers,
    const struct ssh_agent_key *key)
{
	struct ssh_wire blob = { key->blob, key->blob_len }, type = { NULL, 0 };
	char name[64];

	ssh_wire_string(&blob, &type);
	text_printable(name, sizeof name, type.at, type.left);
	if (strstr(offers->skipped, name) == NULL)
		append(offers->skipped, sizeof offers->skipped, "%s", name);
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
ask(struct ssh_agent_offers *offers, struct ssh_wire blob)
{
	struct ssh_login *login = offers->login;
	const char *user = login->jump->username;
	void *abstract = offers;
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
	if (is_certificate(blob))
		ssh_user_certificate_accepted(login, "agent ", blob);
	else
		ssh_login_accepted_by(login, "agent key %s", fingerprint);
}

static void
note_end(struct ssh_login *login, struct ssh_wire blob, const char *fingerprint,
    enum ssh_tried_end end, const char *words)
{
	ssh_tried_add(&login->tried,
	    is_certificate(blob) ? SSH_TRIED_AGENT_CERTIFICATE
				 : SSH_TRIED_AGENT_KEY,
	    fingerprint, end, words);
}

static void
conclude(struct ssh_agent_offers *offers, struct ssh_wire blob,
    const char *fingerprint, enum ssh_outcome outcome)
{
	struct ssh_login *login = offers->login;

	switch (outcome) {
	case SSH_OUTCOME_REJECTED:
	case SSH_OUTCOME_TOO_MANY:
		ssh_signature_is_unlisted(login, blob, offers->unlisted);
		if (is_certificate(blob))
			login->certificate
			    .code = ssh_user_certificate_rejected(login, blob,
			    login->certificate.words);
		note_end(login, blob, fingerprint, SSH_TRIED_REJECTED, "");
		break;
	case SSH_OUTCOME_ACCEPTED:
	case SSH_OUTCOME_PARTIAL:
		note_accepted(login, blob, fingerprint);
		note_end(login, blob, fingerprint, SSH_TRIED_ACCEPTED, "");
		break;
	case SSH_OUTCOME_UNASKED:
	case SSH_OUTCOME_FAILED:
		if (!offers->is_unsigned)
			break;
		memcpy(offers->unsigned_key, fingerprint,
		    sizeof offers->unsigned_key);
		note_end(login, blob, fingerprint, SSH_TRIED_UNASKED,
		    offers->refusal);
		break;
	}
}

enum ssh_outcome
ssh_agent_offers_make(struct ssh_agent_offers *offers, struct ssh_wire blob,
    const struct ssh_agent_key *signer)
{
	struct ssh_login *login = offers->login;
	char words[FAULT_WORDS_MAX], fingerprint[64];
	enum failure obstacle = ssh_signature_obstacle(login, blob, words);
	enum ssh_outcome outcome;

	ssh_key_fingerprint(blob.at, blob.left, fingerprint);
	if (obstacle != FAIL_NONE) {
		offers->obstacle = obstacle;
		memcpy(offers->obstacle_words, words, sizeof words);
		note_end(login, blob, fingerprint, SSH_TRIED_UNASKED, words);
		return SSH_OUTCOME_UNASKED;
	}
	offers->signer = signer;
	offers->made++;
	login->tried.keys++;
	append(offers->fingerprints, sizeof offers->fingerprints, "%s%s",
	    is_certificate(blob) ? "certificate of " : "", fingerprint);
	offers->refusal[0] = '\0';
	do
		outcome = ask(offers, blob);
	while (ssh_signature_again(login, blob, outcome));
	conclude(offers, blob, fingerprint, outcome);
	return outcome;
}

bool
ssh_agent_offers_is_refused(const struct ssh_agent_offers *offers,
    struct ssh_wire blob)
{
	char fingerprint[64];

	ssh_key_fingerprint(blob.at, blob.left, fingerprint);
	return strcmp(fingerprint, offers->unsigned_key) == 0;
}

bool
ssh_agent_offers_may_go_on(enum ssh_outcome outcome)
{
	return outcome == SSH_OUTCOME_REJECTED ||
	    outcome == SSH_OUTCOME_UNASKED;
}

static bool
is_waiting(const struct ssh_agent_offers *offers)
{
	return offers->is_unsigned && clock_ms() >= offers->login->deadline_ms;
}

/*
 * Why nothing was offered, or why an offer could not be signed; FAIL_NONE: the
 * jump box rejected what was offered.
 */
static enum failure
nearest_cause(const struct ssh_agent_offers *offers, const char **words)
{
	*words = "";
	if (offers->is_unsigned) {
		*words = offers->refusal;
		return FAIL_AUTH_AGENT_FAILED;
	}
	if (offers->made > 0)
		return FAIL_NONE;
	if (offers->obstacle == FAIL_NONE)
		return FAIL_AUTH_AGENT_EMPTY;
	*words = offers->obstacle_words;
	return offers->obstacle;
}

static void
note_all(struct ssh_agent_offers *offers)
{
	struct ssh_login *login = offers->login;

	if (offers->made > 0 && offers->obstacle != FAIL_NONE)
		fault_note(login->fault, "offered no RSA key, because %s",
		    offers->obstacle_words);
	if (offers->skipped[0] != '\0')
		fault_note(login->fault,
		    "skipped keys of the agent that pgjump cannot use: %s",
		    offers->skipped);
	ssh_signature_note(login);
}

/*
 * True: a cause nearer than a rejected key ended the login.  Then its fault is
 * set, and *outcome is to be returned.
 */
static bool
failed_before(struct ssh_agent_offers *offers, enum ssh_outcome *outcome)
{
	struct ssh_login *login = offers->login;
	const char *words;
	enum failure code = nearest_cause(offers, &words);

	*outcome = SSH_OUTCOME_FAILED;
	if (ssh_login_notice_cancel(login))
		return true;
	if (is_waiting(offers)) {
		*outcome = fail_waiting(login);
		return true;
	}
	note_all(offers);
	if (code == FAIL_NONE)
		return false;
	*outcome = ssh_login_fail(login, code, words);
	return true;
}

enum ssh_outcome
ssh_agent_offers_fail(struct ssh_agent_offers *offers)
{
	struct ssh_login *login = offers->login;
	enum ssh_outcome outcome;

	if (failed_before(offers, &outcome))
		return outcome;
	if (offers->unlisted[0] != '\0')
		fault_note(login->fault, "%s", offers->unlisted);
	fault_set(login->fault,
	    offers->has_more ? FAIL_AUTH_AGENT_MANY : FAIL_AUTH_AGENT_REFUSED,
	    "offered %s%zu of %zu keys: %s", offers->has_more ? "only " : "",
	    offers->made, offers->count, offers->fingerprints);
	return outcome;
}

enum ssh_outcome
ssh_agent_offers_fail_selected(struct ssh_agent_offers *offers)
{
	struct ssh_login *login = offers->login;
	enum ssh_outcome outcome;

	if (failed_before(offers, &outcome))
		return outcome;
	fault_note(login->fault, "offered the key %s", offers->fingerprints);
	if (offers->unlisted[0] != '\0')
		return ssh_login_fail(login, FAIL_AUTH_ALGORITHM,
		    offers->unlisted);
	if (login->certificate.code != FAIL_NONE)
		return ssh_login_fail(login, login->certificate.code,
		    login->certificate.words);
	return ssh_login_fail(login, FAIL_AUTH_KEY_REJECTED, "");
}

enum ssh_outcome
ssh_agent_offers_fail_too_many(struct ssh_agent_offers *offers)
{
	fault_set(offers->login->fault, FAIL_AUTH_TOO_MANY,
	    "too many authentication failures after %zu of %zu keys: %s",
	    offers->made, offers->count, offers->fingerprints);
	return SSH_OUTCOME_FAILED;
}
