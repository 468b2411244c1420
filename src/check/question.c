/* SPDX-License-Identifier: PostgreSQL */

/*
 * A host key that has changed, is revoked or contradicts a pin is never
 * offered, and neither is a certificate.
 */
#include "check/question.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "check/blamed.h"
#include "check/report.h"
#include "check/state.h"
#include "config/config.h"
#include "config/hops.h"
#include "key/ssh_certificate.h"
#include "key/ssh_key.h"

static bool
can_be_trusted(const struct config_jump *jump, const struct ssh_facts *ssh)
{
	return jump->trust == TRUST_KNOWN_HOSTS &&
	    jump->known_hosts_count > 0 && ssh->hostkey_len > 0 &&
	    strstr(ssh->hostkey_type, SSH_CERTIFICATE_SUFFIX) == NULL;
}

static void
ask_trust(const struct config_jump *jump, const struct ssh_facts *ssh,
    struct check_question *out)
{
	_Static_assert(sizeof out->hostkey >= sizeof ssh->hostkey,
	    "every host key fits");
	out->about = CHECK_QUESTION_HOSTKEY;
	out->jump = jump;
	snprintf(out->type, sizeof out->type, "%s", ssh->hostkey_type);
	snprintf(out->fingerprint, sizeof out->fingerprint, "%s",
	    ssh->fingerprint);
	memcpy(out->hostkey, ssh->hostkey, ssh->hostkey_len);
	out->hostkey_len = ssh->hostkey_len;
}

static bool
needs_passphrase(const struct secret *from)
{
	char error[FAULT_WORDS_MAX];
	char *text = secret_load(from, error, sizeof error);
	struct ssh_key key = { 0 };
	bool is_needed = text != NULL &&
	    ssh_key_judge(text, NULL, &key) == SSH_KEY_NEEDS_PASSPHRASE;

	ssh_key_clear(&key);
	secret_free(text);
	return is_needed;
}

/* Ask for the passphrase of the first key that has none. */
static void
ask_passphrase(const struct config_jump *jump, struct check_question *out)
{
	if (secret_is_set(&jump->passphrase))
		return;
	for (size_t i = 0; i < jump->private_keys.count; i++)
		if (needs_passphrase(&jump->private_keys.list[i])) {
			out->about = CHECK_QUESTION_PASSPHRASE;
			out->jump = jump;
			out->key = i;
			return;
		}
}

/* Whether the login has passed over a key of the configuration. */
static bool
was_key_passed(const struct ssh_tried *tried)
{
	for (size_t i = 0; i < tried->count; i++)
		if (tried->list[i].what == SSH_TRIED_KEY &&
		    tried->list[i].end == SSH_TRIED_UNASKED)
			return true;
	return false;
}

void
check_question_find(const struct check_state *state, struct check_question *out)
{
	const struct config_jump *jump = check_blamed_jump(state);
	enum failure code = state->fault.code;

	memset(out, 0, sizeof *out);
	if (jump == NULL)
		return;
	if (code == FAIL_HOSTKEY_UNKNOWN &&
	    can_be_trusted(jump, &state->facts.ssh))
		ask_trust(jump, &state->facts.ssh, out);
	else if (failure_info(code)->stage == STAGE_JUMP_AUTH &&
	    was_key_passed(&state->facts.tried))
		ask_passphrase(jump, out);
}

/* Whether nothing can be offered without a passphrase. */
static bool
has_only_locked_keys(const struct config_jump *jump)
{
	const struct secrets *keys = &jump->private_keys;

	if (jump->auth_methods.count != 1 ||
	    jump->auth_methods.list[0] != AUTH_METHOD_KEY)
		return false;
	for (size_t i = 0; i < keys->count; i++)
		if (!needs_passphrase(&keys->list[i]))
			return false;
	return true;
}

void
check_question_expect(const struct config_connection *connection, unsigned hop,
    struct check_question *out)
{
	const struct config_jump *last = connection->jump, *jump;

	memset(out, 0, sizeof *out);
	if (hop > config_hops_count(last))
		return;
	jump = config_hops_at(last, hop);
	if (has_only_locked_keys(jump))
		ask_passphrase(jump, out);
}
