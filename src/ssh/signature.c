/* SPDX-License-Identifier: PostgreSQL */

/*
 * A jump box that lists the signatures it accepts is asked once, with the best
 * of them.  One without a list may still accept those with SHA-2, so they are
 * tried in turn (RFC 8332, 3.3).
 */
#include "ssh/signature.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "key/ssh_certificate.h"
#include "ssh/algorithms.h"
#include "ssh/transport.h"

/* Flags of the agent protocol for RSA keys. */
enum {
	SIGN_RSA_SHA2_256 = 2,
	SIGN_RSA_SHA2_512 = 4,
};

/* RFC 8332, 3; certificates: PROTOCOL.certkeys of OpenSSH. */
static const struct {
	const char *algorithm;
	uint32_t flags;
} rsa_flags[] = {
	{ "rsa-sha2-512", SIGN_RSA_SHA2_512 },
	{ "rsa-sha2-256", SIGN_RSA_SHA2_256 },
	{ "rsa-sha2-512" SSH_CERTIFICATE_SUFFIX, SIGN_RSA_SHA2_512 },
	{ "rsa-sha2-256" SSH_CERTIFICATE_SUFFIX, SIGN_RSA_SHA2_256 },
};

/*
 * Without a list, a libssh2 without the patches of contrib/libssh2 uses SHA-1.
 */
#ifdef LIBSSH2_FEATURE_SIGN_ALGO_UNTOLD
#define UNTOLD_OBSTACLE ""
#else
#define UNTOLD_OBSTACLE                                                 \
	"it does not tell which signatures it takes, and this libssh2 " \
	"would use SHA-1, unlike that of contrib/setup --libssh2=bundled"
#endif

static bool
is_rsa(struct ssh_wire key)
{
	struct ssh_wire type;

	return ssh_wire_string(&key, &type) &&
	    (ssh_wire_is(&type, "ssh-rsa") ||
		ssh_wire_is(&type, "ssh-rsa" SSH_CERTIFICATE_SUFFIX));
}

static void
put_list(const struct ssh_said *said, char *out, size_t size)
{
	if (said->signatures.len == 0)
		snprintf(out, size, "nothing");
	else
		text_printable(out, size, said->signatures.bytes,
		    said->signatures.len);
}

enum failure
ssh_signature_obstacle(const struct ssh_login *login, struct ssh_wire key,
    char words[FAULT_WORDS_MAX])
{
	const struct ssh_said *said = ssh_transport_said(login->transport);
	char list[FAULT_WORDS_MAX - 100];

	if (!is_rsa(key))
		return FAIL_NONE;
	if (!said->has_signatures) {
		snprintf(words, FAULT_WORDS_MAX, "%s", UNTOLD_OBSTACLE);
		return words[0] != '\0' ? FAIL_AUTH_SIGNATURE : FAIL_NONE;
	}
	if (said->takes_rsa_sha2)
		return FAIL_NONE;
	put_list(said, list, sizeof list);
	snprintf(words, FAULT_WORDS_MAX,
	    "it takes no RSA signature with SHA-2, it accepts only %s", list);
	return FAIL_AUTH_ALGORITHM;
}

/* Write the type of a key without the suffix of a certificate. */
static void
put_type(struct ssh_wire key, char *out, size_t size)
{
	struct ssh_wire type = { NULL, 0 };
	char *suffix;

	ssh_wire_string(&key, &type);
	text_printable(out, size, type.at, type.left);
	suffix = strstr(out, SSH_CERTIFICATE_SUFFIX);
	if (suffix != NULL)
		*suffix = '\0';
}

bool
ssh_signature_is_unlisted(const struct ssh_login *login, struct ssh_wire key,
    char words[FAULT_WORDS_MAX])
{
	const struct ssh_said *said = ssh_transport_said(login->transport);
	char type[80], list[FAULT_WORDS_MAX - 100];

	put_type(key, type, sizeof type);
	if (!said->has_signatures || ssh_said_takes(said, type) ||
	    strcmp(type, "ssh-rsa") == 0)
		return false;
	put_list(said, list, sizeof list);
	snprintf(words, FAULT_WORDS_MAX, "it accepts only %s, and not %.40s",
	    list, type);
	return true;
}

static void
prefer(struct ssh_login *login, const char *signatures)
{
	int rc = libssh2_session_method_pref(login->session,
	    LIBSSH2_METHOD_SIGN_ALGO, signatures);

	assert(rc == 0);
}

bool
ssh_signature_again(struct ssh_login *login, struct ssh_wire key,
    enum ssh_outcome outcome)
{
	if (login->asks_for_sha2_256) {
		login->asks_for_sha2_256 = false;
		prefer(login, SSH_ALGORITHMS_SIGNATURES);
		return false;
	}
	if (!is_rsa(key) || outcome != SSH_OUTCOME_REJECTED ||
	    ssh_transport_said(login->transport)->has_signatures)
		return false;
	login->asks_for_sha2_256 = login->was_untold = true;
	prefer(login, "rsa-sha2-256");
	return true;
}

void
ssh_signature_note(struct ssh_login *login)
{
	if (login->was_untold)
		fault_note(login->fault,
		    "it does not tell which signatures it takes, and was asked "
		    "for rsa-sha2-512 and rsa-sha2-256, never for SHA-1");
}

/*
 * The signed data are (RFC 4252, 7): session identifier, byte 50, user,
 * service, "publickey", TRUE, algorithm, key.
 */
uint32_t
ssh_signature_flags(const unsigned char *data, size_t len)
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
	for (size_t i = 0; i < sizeof rsa_flags / sizeof *rsa_flags; i++)
		if (ssh_wire_is(&algorithm, rsa_flags[i].algorithm))
			return rsa_flags[i].flags;
	return 0;
}
