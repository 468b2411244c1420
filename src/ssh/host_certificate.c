/* SPDX-License-Identifier: PostgreSQL */

/*
 * The steps are those of ssh(1), in its order.  A certificate that cannot be
 * read, whose signature does not verify, or that is signed by a certificate
 * ends the connection there.  For any other fault the key is looked up as if it
 * had no certificate.
 */
#include "ssh/host_certificate.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/xmalloc.h"
#include "key/ssh_certificate.h"
#include "key/ssh_key.h"
#include "key/ssh_verify.h"
#include "ssh/known_hosts.h"

#define NAMES_MAX 160

/* A certificate while it is judged. */
struct judged {
	struct ssh_certificate says;
	const struct ssh_host_certificate_case *of;
	char authority[64]; /* "SHA256:..." */
	struct ssh_host_certificate_verdict *out;
};

static bool __attribute__((format(printf, 3, 4)))
refuse(struct judged *judged, enum failure code, const char *words, ...)
{
	va_list args;

	judged->out->code = code;
	va_start(args, words);
	vsnprintf(judged->out->words, sizeof judged->out->words, words, args);
	va_end(args);
	return false;
}

static bool
is_signed(struct judged *judged)
{
	const struct ssh_certificate *says = &judged->says;

	judged->out->is_final = true;
	if (ssh_certificate_is(says->authority))
		return refuse(judged, FAIL_HOSTKEY_CERTIFICATE,
		    "it is signed by a certificate, which no authority is");
	switch (
	    ssh_verify(says->authority, says->signature, says->signed_part)) {
	case SSH_VERDICT_GOOD:
		judged->out->is_final = false;
		return true;
	case SSH_VERDICT_WRONG:
		return refuse(judged, FAIL_HOSTKEY_CERTIFICATE,
		    "its signature is not that of its authority %s",
		    judged->authority);
	case SSH_VERDICT_SHA1:
		judged->out->is_final = false;
		return refuse(judged, FAIL_HOSTKEY_CERTIFICATE,
		    "it is signed with SHA-1 by its authority %s",
		    judged->authority);
	case SSH_VERDICT_TYPE:
		break;
	}
	judged->out->is_final = false;
	return refuse(judged, FAIL_HOSTKEY_CERTIFICATE,
	    "pgjump cannot verify signatures of its authority %s, whose key is "
	    "damaged, too short, or no Ed25519, ECDSA or RSA key",
	    judged->authority);
}

static const struct known_host *
find_authority(const struct judged *judged)
{
	return known_hosts_find_key(judged->of->known, KNOWN_HOST_AUTHORITY,
	    judged->says.authority.at, judged->says.authority.left);
}

static bool
is_trusted(struct judged *judged)
{
	const struct known_host *line = find_authority(judged);

	if (line == NULL)
		return refuse(judged, FAIL_HOSTKEY_CA_UNKNOWN,
		    "CA %s, in no @cert-authority line for this host",
		    judged->authority);
	snprintf(judged->out->words, sizeof judged->out->words,
	    "is certified by CA %s of %s:%u", judged->authority, line->file,
	    line->line);
	return true;
}

static bool
is_for_hosts(struct judged *judged)
{
	if (judged->says.kind == SSH_CERTIFICATE_HOST)
		return true;
	return refuse(judged, FAIL_HOSTKEY_CERTIFICATE,
	    "it is a certificate for users");
}

static bool
is_valid_now(struct judged *judged)
{
	const struct ssh_certificate *says = &judged->says;

	switch (ssh_certificate_time(says, judged->of->now)) {
	case SSH_CERTIFICATE_EARLY:
		return refuse(judged, FAIL_HOSTKEY_CERTIFICATE_EARLY,
		    "it is valid from %s on",
		    ssh_certificate_date(says->valid_after).text);
	case SSH_CERTIFICATE_EXPIRED:
		return refuse(judged, FAIL_HOSTKEY_CERTIFICATE_EXPIRED,
		    "it was valid until %s",
		    ssh_certificate_date(says->valid_before).text);
	case SSH_CERTIFICATE_VALID:
	case SSH_CERTIFICATE_ENDING:
		break;
	}
	return true;
}

static char *
small_letters(const char *text)
{
	char *copy = xstrdup(text);

	for (char *at = copy; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	return copy;
}

/*
 * ssh(1) looks for the host in small letters, takes no patterns, and a
 * certificate without names for that of every host.
 */
static bool
is_named(struct judged *judged)
{
	const struct ssh_certificate *says = &judged->says;
	char *name = small_letters(judged->of->name), names[NAMES_MAX];
	bool is_it = says->principals.left == 0 ||
	    ssh_certificate_names(says, name);

	if (!is_it) {
		ssh_certificate_list(says, names, sizeof names);
		refuse(judged, FAIL_HOSTKEY_CERTIFICATE_NAME,
		    "it is for %s, and not for %.160s", names, name);
	}
	free(name);
	return is_it;
}

/* No option of a host certificate is defined, so none is understood. */
static bool
is_understood(struct judged *judged)
{
	struct ssh_wire options = judged->says.options, name;
	char text[64];

	if (!ssh_wire_string(&options, &name))
		return true;
	text_printable(text, sizeof text, name.at, name.left);
	return refuse(judged, FAIL_HOSTKEY_CERTIFICATE,
	    "it has the critical option \"%s\", which pgjump does not "
	    "understand",
	    text);
}

struct ssh_host_certificate_verdict
ssh_host_certificate_judge(struct ssh_wire certificate,
    const struct ssh_host_certificate_case *of)
{
	static bool (*const steps[])(struct judged *) = { is_signed, is_trusted,
		is_for_hosts, is_valid_now, is_named, is_understood };
	struct ssh_host_certificate_verdict verdict = { .is_final = true };
	struct judged judged = { .of = of, .out = &verdict };

	if (!ssh_certificate_read(certificate, &judged.says)) {
		refuse(&judged, FAIL_HOSTKEY_CERTIFICATE, "it is damaged");
		return verdict;
	}
	ssh_key_fingerprint(judged.says.authority.at,
	    judged.says.authority.left, judged.authority);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (!steps[i](&judged))
			break;
	return verdict;
}

const struct known_host *
ssh_host_certificate_revoked(struct ssh_wire certificate,
    const struct known_hosts *known)
{
	const struct known_host *line = NULL;
	struct ssh_certificate says;
	struct ssh_blob key;

	if (ssh_certificate_key(certificate, &key))
		line = known_hosts_find_key(known, KNOWN_HOST_REVOKED,
		    key.bytes, key.len);
	free(key.bytes);
	if (line == NULL && ssh_certificate_read(certificate, &says))
		line = known_hosts_find_key(known, KNOWN_HOST_REVOKED,
		    says.authority.at, says.authority.left);
	return line;
}
