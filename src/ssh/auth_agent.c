/* SPDX-License-Identifier: PostgreSQL */

/*
 * Which keys of an agent to offer, and in which order.  sshd counts every key
 * against MaxAuthTries, so public keys in the configuration select these keys
 * and their certificates, and a certificate only itself.  Without either, the
 * agent's first keys are offered, those before all others whose private halves
 * are configured as well.
 */
#include "ssh/auth_agent.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/secret.h"
#include "config/config.h"
#include "key/ssh_certificate.h"
#include "key/ssh_key.h"
#include "ssh/agent.h"
#include "ssh/agent_offers.h"

/* The public halves of the configured private keys. */
struct halves {
	struct ssh_blob list[CONFIG_KEYS_MAX];
	size_t count;
};

static struct ssh_wire
blob_of(const struct ssh_agent_key *key)
{
	return (struct ssh_wire){ key->blob, key->blob_len };
}

/* --- The first keys of the agent ------------------------------------------ */

/*
 * Private keys that the method `key` would offer.  Their public halves can be
 * read without a passphrase in most formats; one that cannot is offered as if
 * the agent did not have it.
 */
static void
read_halves(const struct config_jump *jump, struct halves *halves)
{
	char error[FAULT_WORDS_MAX];

	for (size_t i = 0;
	     i < jump->private_keys.count && halves->count < CONFIG_KEYS_MAX;
	     i++) {
		char *text = secret_load(&jump->private_keys.list[i], error,
		    sizeof error);
		struct ssh_blob *half = &halves->list[halves->count];

		*half = (struct ssh_blob){ 0 };
		if (text != NULL && !ssh_key_is_public(text)) {
			ssh_key_public_half(text, half);
			halves->count++;
		}
		secret_free(text);
	}
}

static void
free_halves(struct halves *halves)
{
	for (size_t i = 0; i < halves->count; i++)
		free(halves->list[i].bytes);
}

static bool
is_half_of(const struct ssh_blob *half, struct ssh_wire key)
{
	struct ssh_wire wire = { half->bytes, half->len };

	return half->bytes != NULL &&
	    (ssh_wire_equal(wire, key) || ssh_certificate_is_of(key, wire));
}

static bool
is_configured(const struct halves *halves, struct ssh_wire key)
{
	for (size_t i = 0; i < halves->count; i++)
		if (is_half_of(&halves->list[i], key))
			return true;
	return false;
}

/*
 * How many keys are left for the agent: those that it does not have are offered
 * after it.
 */
static size_t
count_free(const struct ssh_agent_offers *offers, const struct halves *halves)
{
	size_t left = CONFIG_KEYS_MAX - offers->login->tried.keys;

	for (size_t i = 0; i < halves->count; i++) {
		bool is_held = false;

		for (size_t k = 0; k < offers->count; k++)
			is_held |= is_half_of(&halves->list[i],
			    blob_of(&offers->keys[k]));
		if (!is_held && left > 0)
			left--;
	}
	return left;
}

/* Offer one key, if it is of those that are due. */
static enum ssh_outcome
offer_one(struct ssh_agent_offers *offers, const struct ssh_agent_key *key)
{
	if (ssh_agent_offers_is_refused(offers, blob_of(key)))
		return SSH_OUTCOME_UNASKED;
	if (offers->made == offers->max) {
		offers->has_more = true;
		return SSH_OUTCOME_UNASKED;
	}
	return ssh_agent_offers_make(offers, blob_of(key), key);
}

/* Offer the keys that are configured as well, or the others. */
static enum ssh_outcome
offer_those(struct ssh_agent_offers *offers, const struct halves *halves,
    bool are_configured)
{
	enum ssh_outcome outcome = SSH_OUTCOME_UNASKED;

	for (size_t i = 0;
	     i < offers->count && ssh_agent_is_usable(offers->agent); i++) {
		const struct ssh_agent_key *key = &offers->keys[i];

		if (ssh_key_type(key->blob, key->blob_len) == NULL)
			ssh_agent_offers_skip(offers, key);
		else if (is_configured(halves, blob_of(key)) == are_configured)
			outcome = offer_one(offers, key);
		if (!ssh_agent_offers_may_go_on(outcome))
			break;
	}
	return outcome;
}

static enum ssh_outcome
offer_some(struct ssh_agent_offers *offers)
{
	struct halves halves = { 0 };
	enum ssh_outcome outcome;

	if (config_uses_method(offers->login->jump, AUTH_METHOD_KEY))
		read_halves(offers->login->jump, &halves);
	offers->max = count_free(offers, &halves);
	outcome = offer_those(offers, &halves, true);
	if (ssh_agent_offers_may_go_on(outcome))
		outcome = offer_those(offers, &halves, false);
	free_halves(&halves);
	if (outcome == SSH_OUTCOME_TOO_MANY)
		return ssh_agent_offers_fail_too_many(offers);
	return ssh_agent_offers_may_go_on(outcome)
	    ? ssh_agent_offers_fail(offers)
	    : outcome;
}

/* --- Selected keys -------------------------------------------------------- */

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
	     !offers->is_unsigned && offers->made + 1 < offers->max;
	     i++) {
		struct ssh_wire blob = blob_of(&offers->keys[i]);

		if (ssh_certificate_is_of(blob, wanted))
			outcome = ssh_agent_offers_make(offers, blob,
			    &offers->keys[i]);
	}
	return outcome;
}

/* SSH_OUTCOME_UNASKED: the agent does not hold this key. */
static enum ssh_outcome
offer_wanted(struct ssh_agent_offers *offers, struct ssh_wire wanted)
{
	const struct ssh_agent_key *signer = find_signer(offers, wanted);
	enum ssh_outcome outcome = offer_certificates(offers, wanted);

	if (ssh_agent_offers_may_go_on(outcome) && signer != NULL &&
	    !offers->is_unsigned && offers->made < offers->max)
		outcome = ssh_agent_offers_make(offers, wanted, signer);
	return outcome;
}

/* The certificate and the public keys of the configuration. */
struct selected {
	struct ssh_key list[CONFIG_KEYS_MAX + 1];
	size_t count;
};

static void
clear_selected(struct selected *selected)
{
	for (size_t i = 0; i < selected->count; i++)
		ssh_key_clear(&selected->list[i]);
}

/* Add a key that is public.  False: the fault is set. */
static bool
select_key(struct ssh_login *login, const struct secret *from,
    struct selected *selected)
{
	char error[FAULT_WORDS_MAX];
	char *text = secret_load(from, error, sizeof error);
	bool may_be_private = config_uses_method(login->jump, AUTH_METHOD_KEY);

	if (text == NULL && !may_be_private)
		ssh_login_fail(login, FAIL_AUTH_SECRET_UNREADABLE, error);
	else if (text != NULL &&
	    ssh_key_read_public(text, &selected->list[selected->count]))
		selected->count++;
	else if (!may_be_private)
		ssh_login_fail(login, FAIL_AUTH_KEY_UNUSABLE,
		    "with auth_method agent it must be a public key");
	secret_free(text);
	return login->fault->code == FAIL_NONE;
}

/*
 * Add the configured certificate.  Where private keys are configured as well,
 * it is one of these, unless the agent holds its key.  False: the fault is set.
 */
static bool
select_certificate(const struct ssh_agent_offers *offers,
    struct selected *selected)
{
	struct ssh_login *login = offers->login;
	struct ssh_key *line = &selected->list[selected->count];
	char error[FAULT_WORDS_MAX];
	char *text = secret_load(&login->jump->certificate, error,
	    sizeof error);

	if (text == NULL && error[0] != '\0')
		ssh_login_fail(login, FAIL_AUTH_CERTIFICATE_UNUSABLE, error);
	else if (text != NULL && !ssh_key_read_public(text, line))
		ssh_login_fail(login, FAIL_AUTH_CERTIFICATE_UNUSABLE,
		    "it is not a certificate of OpenSSH");
	else if (text != NULL &&
	    config_uses_method(login->jump, AUTH_METHOD_KEY) &&
	    find_signer(offers,
		(struct ssh_wire){ line->blob, line->blob_len }) == NULL)
		ssh_key_clear(line);
	else if (text != NULL)
		selected->count++;
	secret_free(text);
	return login->fault->code == FAIL_NONE;
}

static bool
read_selected(const struct ssh_agent_offers *offers, struct selected *selected)
{
	struct ssh_login *login = offers->login;
	const struct secrets *keys = &login->jump->private_keys;
	bool are_good = select_certificate(offers, selected);

	for (size_t i = 0;
	     are_good && i < keys->count && selected->count <= CONFIG_KEYS_MAX;
	     i++)
		are_good = select_key(login, &keys->list[i], selected);
	return are_good;
}

/* Where nothing was offered, the first key that the agent does not hold. */
static enum ssh_outcome
fail_selected(struct ssh_agent_offers *offers, const struct selected *selected)
{
	const struct ssh_key *first = &selected->list[0];

	if (offers->made == 0 && offers->obstacle == FAIL_NONE)
		return ssh_login_fail(offers->login, FAIL_AUTH_AGENT_KEY,
		    first->fingerprint);
	if (selected->count > 1)
		return ssh_agent_offers_fail(offers);
	return ssh_agent_offers_fail_selected(offers);
}

static enum ssh_outcome
offer_selected(struct ssh_agent_offers *offers, const struct selected *selected)
{
	enum ssh_outcome outcome = SSH_OUTCOME_UNASKED;

	offers->max = CONFIG_KEYS_MAX - offers->login->tried.keys;
	for (size_t i = 0;
	     i < selected->count && ssh_agent_offers_may_go_on(outcome); i++) {
		const struct ssh_key *key = &selected->list[i];

		outcome = offer_wanted(offers,
		    (struct ssh_wire){ key->blob, key->blob_len });
	}
	if (ssh_agent_offers_may_go_on(outcome) ||
	    outcome == SSH_OUTCOME_TOO_MANY)
		return fail_selected(offers, selected);
	return outcome;
}

/* --- The method ------------------------------------------------------------
 */

static enum ssh_outcome
with_agent(struct ssh_agent_offers *offers)
{
	struct selected selected = { 0 };
	enum ssh_outcome outcome = SSH_OUTCOME_FAILED;

	if (!ssh_agent_offers_list(offers))
		return SSH_OUTCOME_FAILED;
	if (read_selected(offers, &selected))
		outcome = selected.count > 0 ? offer_selected(offers, &selected)
					     : offer_some(offers);
	clear_selected(&selected);
	return outcome;
}

enum ssh_outcome
ssh_auth_agent(struct ssh_login *login, const char *method)
{
	struct ssh_agent_offers offers = { .login = login };
	char words[FAULT_WORDS_MAX];
	enum ssh_outcome outcome;

	(void)method;
	login->certificate.code = FAIL_NONE;
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
