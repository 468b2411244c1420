/* SPDX-License-Identifier: PostgreSQL */

/*
 * Keys of an SSH agent, offered to a jump box one after another, and why none
 * of them logged in.  Which keys to offer, and in which order, is decided in
 * ssh/auth_agent.c.
 */
#ifndef PGJUMP_SSH_AGENT_OFFERS_H
#define PGJUMP_SSH_AGENT_OFFERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "key/ssh_wire.h"
#include "ssh/login.h"

struct ssh_agent;
struct ssh_agent_key;

/* The offers of one login; zeroed but for `login` and `agent`. */
struct ssh_agent_offers {
	struct ssh_login *login;
	struct ssh_agent *agent;
	const struct ssh_agent_key *keys; /* all that the agent holds */
	size_t count;
	const struct ssh_agent_key *signer; /* of the offer in progress */
	size_t made;
	size_t max;            /* how many may be made */
	bool has_more;         /* usable keys were left out */
	enum failure obstacle; /* why at least one could not be offered */
	char obstacle_words[FAULT_WORDS_MAX];
	bool is_unsigned; /* the agent refused to sign with at least one */
	char refusal[128];
	char unsigned_key[64];          /* fingerprint of the last of these */
	char unlisted[FAULT_WORDS_MAX]; /* what is accepted in place of ours */
	char fingerprints[FAULT_WORDS_MAX - 100]; /* of the offered keys */
	char skipped[200]; /* types of the keys that cannot be used */
};

/* Ask the agent for its keys.  False: the fault of the login is set. */
bool ssh_agent_offers_list(struct ssh_agent_offers *);

/* Offer a key, or a certificate, for which `signer` signs. */
enum ssh_outcome ssh_agent_offers_make(struct ssh_agent_offers *,
    struct ssh_wire blob, const struct ssh_agent_key *signer);

/* Whether another offer may follow one that ended like this. */
bool ssh_agent_offers_may_go_on(enum ssh_outcome);

/*
 * Whether the agent has refused to sign with this key, as such or for its
 * certificate: a person who has said no is not asked again.
 */
bool ssh_agent_offers_is_refused(const struct ssh_agent_offers *,
    struct ssh_wire blob);

/* Note that a key of the agent cannot be used. */
void ssh_agent_offers_skip(struct ssh_agent_offers *,
    const struct ssh_agent_key *);

/*
 * Set the fault of a login in which no offer was accepted: none of the first
 * keys; not the one key that was selected, nor its certificate; or the jump box
 * hung up after too many.  SSH_OUTCOME_FAILED.
 */
enum ssh_outcome ssh_agent_offers_fail(struct ssh_agent_offers *);
enum ssh_outcome ssh_agent_offers_fail_selected(struct ssh_agent_offers *);
enum ssh_outcome ssh_agent_offers_fail_too_many(struct ssh_agent_offers *);

#endif
