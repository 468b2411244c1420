/* SPDX-License-Identifier: PostgreSQL */

/*
 * Which keys of an agent to offer, and in which order.  sshd counts every key
 * against MaxAuthTries, so a public key in the configuration selects that key
 * and its certificates, and a certificate only itself; without either, the
 * agent's first keys are offered.
 */
#include "ssh/auth_agent.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "base/secret.h"
#include "config/config.h"
#include "key/ssh_certificate.h"
#include "key/ssh_key.h"
#include "ssh/agent.h"
#include "ssh/agent_offers.h"

/* One less than sshd's default for MaxAuthTries, which ends the session. */
#define OFFERS_MAX 5

static struct ssh_wire
blob_of(const struct ssh_agent_key *key)
{
	return (struct ssh_wire){ key->blob, key->blob_len };
}

static enum ssh_outcome
offer_some(struct ssh_agent_offers *offers)
{
	for (size_t i = 0; i < offers->count; i++) {
		const struct ssh_agent_key *key = &offers->keys[i];
		enum ssh_outcome outcome;

		if (!ssh_agent_is_usable(offers->agent))
			break;
		if (ssh_key_type(key->blob, key->blob_len) == NULL) {
			ssh_agent_offers_skip(offers, key);
			continue;
		}
		if (offers->made == OFFERS_MAX) {
			offers->has_more = true;
			break;
		}
		outcome = ssh_agent_offers_make(offers, blob_of(key), key);
		if (outcome == SSH_OUTCOME_TOO_MANY)
			return ssh_agent_offers_fail_too_many(offers);
		if (!ssh_agent_offers_may_go_on(outcome))
			return outcome;
	}
	return ssh_agent_offers_fail(offers);
}

/*
 * The agent's key that signs for `wanted`: the key itself, or the one that a
 * certificate certifies.
 */
static const struct ssh_agent_key *
find_signer(const struct ssh_agent_offers *offers, struct ssh_wire wanted)
{
	for (size_t i = 0; i < offers->count; i++)
		if (ssh_wire_equal(blob_of(&offers->keys[i]), wanted))
			return &offers->keys[i];
	for (size_t i = 0; i < offers->count; i++)
		if (ssh_certificate_is_of(wanted, blob_of(&offers->keys[i])))
			return &offers->keys[i];
	return NULL;
}

/*
 * Offer certificates first, as ssh(1) does: a server that trusts their
 * authority need not know the key.
 */
static enum ssh_outcome
offer_certificates(struct ssh_agent_offers *offers, struct ssh_wire wanted)
{
	enum ssh_outcome outcome = SSH_OUTCOME_UNASKED;

	for (size_t i = 0;
	     i < offers->count && ssh_agent_offers_may_go_on(outcome) &&
	     offers->made + 1 < OFFERS_MAX;
	     i++) {
		struct ssh_wire blob = blob_of(&offers->keys[i]);

		if (ssh_certificate_is_of(blob, wanted))
			outcome = ssh_agent_offers_make(offers, blob,
			    &offers->keys[i]);
	}
	return outcome;
}

static enum ssh_outcome
offer_wanted(struct ssh_agent_offers *offers, const struct ssh_key *wanted)
{
	struct ssh_wire blob = { wanted->blob, wanted->blob_len };
	const struct ssh_agent_key *signer = find_signer(offers, blob);
	enum ssh_outcome outcome = offer_certificates(offers, blob);

	if (ssh_agent_offers_may_go_on(outcome) && signer != NULL)
		outcome = ssh_agent_offers_make(offers, blob, signer);
	else if (outcome == SSH_OUTCOME_UNASKED &&
	    offers->obstacle == FAIL_NONE)
		return ssh_login_fail(offers->login, FAIL_AUTH_AGENT_KEY,
		    wanted->fingerprint);
	if (ssh_agent_offers_may_go_on(outcome) ||
	    outcome == SSH_OUTCOME_TOO_MANY)
		return ssh_agent_offers_fail_selected(offers, blob);
	return outcome;
}

static enum ssh_outcome
offer_selected(struct ssh_agent_offers *offers)
{
	struct ssh_login *login = offers->login;
	char error[FAULT_WORDS_MAX];
	char *text = secret_load(&login->jump->private_key, error,
	    sizeof error);
	struct ssh_key wanted = { 0 };
	enum ssh_outcome outcome;

	if (text == NULL)
		outcome = ssh_login_fail(login, FAIL_AUTH_SECRET_UNREADABLE,
		    error);
	else if (!ssh_key_read_public(text, &wanted))
		outcome = ssh_login_fail(login, FAIL_AUTH_KEY_UNUSABLE,
		    "with auth_method agent it must be a public key");
	else
		outcome = offer_wanted(offers, &wanted);
	ssh_key_clear(&wanted);
	secret_free(text);
	return outcome;
}

static enum ssh_outcome
with_agent(struct ssh_agent_offers *offers)
{
	if (!ssh_agent_offers_list(offers))
		return SSH_OUTCOME_FAILED;
	return secret_is_set(&offers->login->jump->private_key)
	    ? offer_selected(offers)
	    : offer_some(offers);
}

enum ssh_outcome
ssh_auth_agent(struct ssh_login *login, const char *method)
{
	struct ssh_agent_offers offers = { .login = login };
	char words[FAULT_WORDS_MAX];
	enum ssh_outcome outcome;

	(void)method;
	offers.agent = ssh_agent_open(login->jump->agent_socket,
	    login->deadline_ms, login->cancel_fd, words, sizeof words);
	if (offers.agent == NULL)
		return ssh_login_notice_cancel(login)
		    ? SSH_OUTCOME_FAILED
		    : ssh_login_fail(login, FAIL_AUTH_AGENT_ABSENT, words);
	outcome = with_agent(&offers);
	ssh_agent_close(offers.agent);
	return outcome;
}
