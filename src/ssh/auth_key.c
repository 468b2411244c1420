/* SPDX-License-Identifier: PostgreSQL */

/*
 * key/ssh_key.h judges the private key before libssh2 sees it, so that any
 * later error is the jump box's opinion.  We always pass the public key too,
 * since libssh2 would otherwise decrypt the private key twice.
 */
#include "ssh/auth_key.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/secret.h"
#include "config/config.h"
#include "key/ssh_certificate_text.h"
#include "key/ssh_key.h"
#include "ssh/signature.h"
#include "ssh/transport.h"
#include "ssh/user_certificate.h"

/* A private key, and what is offered for it: its public half, or a certificate
 * of it. */
struct offer {
	const struct ssh_key *key;
	const char *passphrase;
	const struct ssh_key *shown;
	enum ssh_tried_what what;
};

static struct ssh_wire
bytes_of(const struct ssh_key *shown)
{
	return (struct ssh_wire){ shown->blob, shown->blob_len };
}

static void
tell(struct ssh_login *login, const struct offer *offer, enum ssh_tried_end end,
    const char *words)
{
	ssh_tried_add(&login->tried, offer->what, offer->shown->fingerprint,
	    end, words);
}

static enum ssh_outcome
ask(struct ssh_login *login, const struct offer *offer)
{
	const char *user = login->jump->username;
	const char *line = offer->shown->public_line;
	const char *text = offer->key->text;
	int rc;

	ssh_login_begin_request(login);
	ssh_transport_let_libc_free(login->transport, true);
	do
		rc = libssh2_userauth_publickey_frommemory(login->session, user,
		    strlen(user), line, strlen(line), text, strlen(text),
		    offer->passphrase);
	while (ssh_login_again(login, rc));
	ssh_transport_let_libc_free(login->transport, false);
	return ssh_login_outcome(login, rc);
}

static void
note_offer(struct ssh_login *login, const struct ssh_key *shown)
{
	unsigned bits = ssh_key_rsa_bits(shown->blob, shown->blob_len);

	if (bits > 0)
		fault_note(login->fault, "offered the %s key %s of %u bits",
		    shown->type, shown->fingerprint, bits);
	else
		fault_note(login->fault, "offered the %s key %s", shown->type,
		    shown->fingerprint);
}

/* Offer it, unless there is an obstacle: then UNASKED, with its row. */
static enum ssh_outcome
make(struct ssh_login *login, const struct offer *offer, enum failure *obstacle,
    char words[FAULT_WORDS_MAX])
{
	struct ssh_wire bytes = bytes_of(offer->shown);
	enum ssh_outcome outcome;

	*obstacle = ssh_signature_obstacle(login, bytes, words);
	if (*obstacle != FAIL_NONE) {
		tell(login, offer, SSH_TRIED_UNASKED, words);
		return SSH_OUTCOME_UNASKED;
	}
	note_offer(login, offer->shown);
	login->tried.keys++;
	do
		outcome = ask(login, offer);
	while (ssh_signature_again(login, bytes, outcome));
	if (outcome == SSH_OUTCOME_ACCEPTED || outcome == SSH_OUTCOME_PARTIAL)
		tell(login, offer, SSH_TRIED_ACCEPTED, "");
	if (outcome == SSH_OUTCOME_REJECTED || outcome == SSH_OUTCOME_TOO_MANY)
		tell(login, offer, SSH_TRIED_REJECTED, "");
	return outcome;
}

/* --- A certificate of the key --------------------------------------------- */

/* Keep why the certificate was not accepted; the key itself comes next. */
static void
keep(struct ssh_login *login, enum failure code, const char *words)
{
	login->certificate.code = code;
	snprintf(login->certificate.words, sizeof login->certificate.words,
	    "%s", words);
}

static enum ssh_outcome
conclude_certificate(struct ssh_login *login, struct ssh_wire bytes,
    enum ssh_outcome outcome)
{
	char words[FAULT_WORDS_MAX];

	switch (outcome) {
	case SSH_OUTCOME_ACCEPTED:
	case SSH_OUTCOME_PARTIAL:
		ssh_user_certificate_accepted(login, "", bytes);
		break;
	case SSH_OUTCOME_TOO_MANY:
	case SSH_OUTCOME_REJECTED:
		keep(login, ssh_user_certificate_rejected(login, bytes, words),
		    words);
		break;
	case SSH_OUTCOME_UNASKED:
		keep(login, FAIL_AUTH_CERTIFICATE_UNUSABLE,
		    ssh_login_error(login));
		break;
	case SSH_OUTCOME_FAILED:
		break;
	}
	return outcome;
}

/* UNASKED also if it is of another key. */
static enum ssh_outcome
offer_certificate(struct ssh_login *login, const struct ssh_key *key,
    const char *passphrase, const struct ssh_certificate_text *certificate)
{
	const struct offer offer = { key, passphrase, &certificate->line,
		SSH_TRIED_CERTIFICATE };
	struct ssh_wire bytes = bytes_of(&certificate->line);
	char words[FAULT_WORDS_MAX];
	enum ssh_outcome outcome;
	enum failure obstacle;

	if (!ssh_certificate_is_of(bytes, bytes_of(key))) {
		if (login->jump->private_keys.count == 1)
			keep(login, FAIL_AUTH_CERTIFICATE_UNUSABLE,
			    "it certifies another key");
		return SSH_OUTCOME_UNASKED;
	}
	outcome = make(login, &offer, &obstacle, words);
	return obstacle != FAIL_NONE
	    ? SSH_OUTCOME_UNASKED
	    : conclude_certificate(login, bytes, outcome);
}

/* Offer the configured certificate, if it is one of this key. */
static enum ssh_outcome
offer_certified(struct ssh_login *login, const struct ssh_key *key,
    const char *passphrase)
{
	struct ssh_certificate_text certificate;
	char error[FAULT_WORDS_MAX];
	char *text = secret_load(&login->jump->certificate, error,
	    sizeof error);
	enum ssh_outcome outcome = SSH_OUTCOME_UNASKED;
	const char *wrong;

	login->certificate.code = FAIL_NONE;
	if (text == NULL) {
		if (error[0] != '\0')
			keep(login, FAIL_AUTH_CERTIFICATE_UNUSABLE, error);
		return outcome;
	}
	wrong = ssh_certificate_text_read(text, &certificate);
	if (wrong[0] != '\0') {
		keep(login, FAIL_AUTH_CERTIFICATE_UNUSABLE, wrong);
	} else {
		outcome = offer_certificate(login, key, passphrase,
		    &certificate);
		ssh_certificate_text_clear(&certificate);
	}
	secret_free(text);
	return outcome;
}

/* --- The key itself ------------------------------------------------------- */

/* The cause is told of the certificate, where there was one. */
static enum ssh_outcome
fail_rejected(struct ssh_login *login, const struct ssh_key *key)
{
	char words[FAULT_WORDS_MAX];

	ssh_signature_note(login);
	if (login->certificate.code != FAIL_NONE)
		return ssh_login_fail(login, login->certificate.code,
		    login->certificate.words);
	if (ssh_signature_is_unlisted(login, bytes_of(key), words))
		return ssh_login_fail(login, FAIL_AUTH_ALGORITHM, words);
	return ssh_login_fail(login, FAIL_AUTH_KEY_REJECTED, "");
}

static enum ssh_outcome
conclude(struct ssh_login *login, const struct ssh_key *key,
    enum ssh_outcome outcome)
{
	switch (outcome) {
	case SSH_OUTCOME_ACCEPTED:
	case SSH_OUTCOME_PARTIAL:
		ssh_login_accepted_by(login, "key %s", key->fingerprint);
		if (login->certificate.code != FAIL_NONE)
			fault_note(login->fault,
			    "its certificate was not accepted: %s",
			    login->certificate.words);
		return outcome;
	case SSH_OUTCOME_REJECTED:
	case SSH_OUTCOME_TOO_MANY:
		return fail_rejected(login, key);
	case SSH_OUTCOME_UNASKED:
		return ssh_login_fail(login, FAIL_AUTH_KEY_UNUSABLE,
		    ssh_login_error(login));
	case SSH_OUTCOME_FAILED:
		break;
	}
	return SSH_OUTCOME_FAILED;
}

static enum ssh_outcome
offer_key(struct ssh_login *login, const struct ssh_key *key,
    const char *passphrase)
{
	const struct offer offer = { key, passphrase, key, SSH_TRIED_KEY };
	char words[FAULT_WORDS_MAX];
	enum ssh_outcome outcome;
	enum failure obstacle;

	outcome = make(login, &offer, &obstacle, words);
	return obstacle != FAIL_NONE ? ssh_login_fail(login, obstacle, words)
				     : conclude(login, key, outcome);
}

/* A certificate comes first: its authority may be all that the jump box knows.
 */
static enum ssh_outcome
offer(struct ssh_login *login, const struct ssh_key *key,
    const char *passphrase)
{
	enum ssh_outcome outcome = offer_certified(login, key, passphrase);

	switch (outcome) {
	case SSH_OUTCOME_REJECTED:
	case SSH_OUTCOME_UNASKED:
		if (login->tried.keys < CONFIG_KEYS_MAX)
			return offer_key(login, key, passphrase);
		return fail_rejected(login, key);
	case SSH_OUTCOME_TOO_MANY:
		return fail_rejected(login, key);
	case SSH_OUTCOME_ACCEPTED:
	case SSH_OUTCOME_PARTIAL:
	case SSH_OUTCOME_FAILED:
		break;
	}
	return outcome;
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
