/* SPDX-License-Identifier: PostgreSQL */

/*
 * sshd says no more than that it rejects a certificate.  The flaws that it may
 * have seen are looked for here, the surest first.
 */
#include "ssh/user_certificate.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "config/config.h"
#include "key/ssh_key.h"

#define NAMES_MAX 120

static uint64_t
now(void)
{
	return (uint64_t)time(NULL);
}

static enum failure
outside_its_time(const struct ssh_certificate *says, uint64_t at,
    char words[FAULT_WORDS_MAX])
{
	switch (ssh_certificate_time(says, at)) {
	case SSH_CERTIFICATE_EARLY:
		snprintf(words, FAULT_WORDS_MAX, "it is valid from %s on",
		    ssh_certificate_date(says->valid_after).text);
		return FAIL_AUTH_CERTIFICATE_EARLY;
	case SSH_CERTIFICATE_EXPIRED:
		snprintf(words, FAULT_WORDS_MAX, "it was valid until %s",
		    ssh_certificate_date(says->valid_before).text);
		return FAIL_AUTH_CERTIFICATE_EXPIRED;
	case SSH_CERTIFICATE_VALID:
	case SSH_CERTIFICATE_ENDING:
		break;
	}
	return FAIL_NONE;
}

/*
 * The server may know the user by other names (AuthorizedPrincipalsFile), so
 * this explains a rejection and is no reason not to ask.
 */
static enum failure
for_other_users(const struct ssh_certificate *says, const char *user,
    char words[FAULT_WORDS_MAX])
{
	char names[NAMES_MAX];

	if (ssh_certificate_names(says, user))
		return FAIL_NONE;
	ssh_certificate_list(says, names, sizeof names);
	if (says->principals.left == 0)
		snprintf(words, FAULT_WORDS_MAX, "it names no user");
	else
		snprintf(words, FAULT_WORDS_MAX, "it is for %s", names);
	return FAIL_AUTH_CERTIFICATE_NAME;
}

static enum failure
limited(const struct ssh_certificate *says, char words[FAULT_WORDS_MAX])
{
	struct ssh_wire options = says->options, name, value;
	size_t used = 0;

	while (used < FAULT_WORDS_MAX - 80 &&
	    ssh_wire_string(&options, &name) &&
	    ssh_wire_string(&options, &value)) {
		char text[64];

		text_printable(text, sizeof text, name.at, name.left);
		used += (size_t)snprintf(words + used, FAULT_WORDS_MAX - used,
		    "%s%s", used > 0 ? ", " : "", text);
	}
	return used > 0 ? FAIL_AUTH_CERTIFICATE_OPTION : FAIL_NONE;
}

static enum failure
find_flaw(const struct ssh_certificate *says, const char *user, uint64_t at,
    char words[FAULT_WORDS_MAX])
{
	enum failure code = outside_its_time(says, at, words);

	if (code == FAIL_NONE)
		code = for_other_users(says, user, words);
	if (code == FAIL_NONE)
		code = limited(says, words);
	if (code != FAIL_NONE)
		return code;
	words[0] = '\0';
	return FAIL_AUTH_CERTIFICATE;
}

static void
authority_of(const struct ssh_certificate *says, char fingerprint[64])
{
	ssh_key_fingerprint(says->authority.at, says->authority.left,
	    fingerprint);
}

enum failure
ssh_user_certificate_rejected(struct ssh_login *login,
    struct ssh_wire certificate, char words[FAULT_WORDS_MAX])
{
	char names[NAMES_MAX], authority[64], id[64];
	struct ssh_certificate says;

	words[0] = '\0';
	if (!ssh_certificate_read(certificate, &says))
		return FAIL_AUTH_CERTIFICATE;
	authority_of(&says, authority);
	ssh_certificate_list(&says, names, sizeof names);
	text_printable(id, sizeof id, says.id.at, says.id.left);
	fault_note(login->fault,
	    "certificate \"%s\", signed by CA %s, for %s, valid %s", id,
	    authority, names, ssh_certificate_end(&says).text);
	return find_flaw(&says, login->jump->username, now(), words);
}

static void
warn_of_end(struct ssh_login *login, const struct ssh_certificate *says,
    const char *fingerprint)
{
	struct ssh_certificate_date end = ssh_certificate_date(
	    says->valid_before);

	if (ssh_certificate_time(says, now()) != SSH_CERTIFICATE_ENDING)
		return;
	snprintf(login->ending, sizeof login->ending,
	    "the certificate of %s is valid until %s only", fingerprint,
	    end.text);
	log_warning("certificate ends soon",
	    log_str("jump", login->jump->label), log_str("key", fingerprint),
	    log_str("valid_until", end.text));
}

void
ssh_user_certificate_accepted(struct ssh_login *login, const char *prefix,
    struct ssh_wire certificate)
{
	char fingerprint[64], authority[64];
	struct ssh_certificate says;

	if (!ssh_certificate_read(certificate, &says))
		return;
	ssh_key_fingerprint(certificate.at, certificate.left, fingerprint);
	authority_of(&says, authority);
	ssh_login_accepted_by(login, "%scertificate of %s%s (CA %s, valid %s)",
	    prefix, fingerprint,
	    ssh_certificate_permits(certificate, "permit-port-forwarding")
		? ""
		: " without permit-port-forwarding",
	    authority, ssh_certificate_end(&says).text);
	warn_of_end(login, &says, fingerprint);
}
