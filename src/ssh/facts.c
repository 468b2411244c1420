/* SPDX-License-Identifier: PostgreSQL */

/*
 * Facts of a session, read from libssh2 and from what the transport kept. They
 * are for people: no code decides by them.
 */
#include "ssh/facts.h"

#include <libssh2.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "base/text.h"
#include "key/ssh_certificate.h"
#include "key/ssh_key.h"
#include "key/ssh_wire.h"
#include "ssh/failure.h"
#include "ssh/transport.h"

static void
read_software(LIBSSH2_SESSION *session, char *out, size_t size)
{
	const char *line = libssh2_session_banner_get(session);
	const char *software;

	out[0] = '\0';
	if (line == NULL || strncmp(line, "SSH-", 4) != 0)
		return;
	software = strchr(line + 4, '-');
	software = software != NULL ? software + 1 : line;
	text_printable(out, size, software, strcspn(software, " "));
}

enum software
ssh_facts_software(const struct ssh_transport *transport)
{
	char version[sizeof((struct ssh_facts *)0)->software];

	read_software(ssh_transport_session(transport), version,
	    sizeof version);
	return ssh_failure_software(version);
}

static void
read_method(LIBSSH2_SESSION *session, int which, char *out, size_t size)
{
	const char *name = libssh2_session_methods(session, which);

	if (name != NULL)
		text_printable(out, size, name, strlen(name));
}

static void
describe_hostkey(struct ssh_wire key, struct ssh_facts *facts)
{
	struct ssh_wire rest = key, type;

	if (ssh_wire_string(&rest, &type))
		text_printable(facts->hostkey_type, sizeof facts->hostkey_type,
		    type.at, type.left);
	ssh_key_fingerprint(key.at, key.left, facts->fingerprint);
	if (key.left > sizeof facts->hostkey)
		return;
	memcpy(facts->hostkey, key.at, key.left);
	facts->hostkey_len = key.left;
}

static void
read_hostkey(LIBSSH2_SESSION *session, struct ssh_facts *facts)
{
	struct ssh_wire shown;
	struct ssh_blob key;
	const char *blob;
	size_t len;
	int kind;

	blob = libssh2_session_hostkey(session, &len, &kind);
	if (blob == NULL)
		return;
	shown = (struct ssh_wire){ (const unsigned char *)blob, len };
	if (ssh_certificate_key(shown, &key))
		shown = (struct ssh_wire){ key.bytes, key.len };
	describe_hostkey(shown, facts);
	free(key.bytes);
}

/* libssh2's last error tells. */
static bool
is_damaged(const struct ssh_transport *transport)
{
	return ssh_failure_is_damage(libssh2_session_last_errno(
					 ssh_transport_session(transport)),
	    "");
}

bool
ssh_facts_is_over(const struct ssh_transport *transport)
{
	return ssh_transport_said(transport)->has_disconnected ||
	    is_damaged(transport);
}

/* The peer's own words come first, then the socket's, then libssh2's. */
enum failure
ssh_facts_end(const struct ssh_transport *transport, const char **words)
{
	const struct ssh_said *said = ssh_transport_said(transport);
	char *error = NULL;

	if (ssh_transport_is_cut(transport)) {
		*words = ssh_transport_lost_words(transport);
		return FAIL_TUNNEL_CUT;
	}
	if (said->has_disconnected && said->disconnect_text[0] != '\0') {
		*words = said->disconnect_text;
	} else if (ssh_transport_is_lost(transport)) {
		*words = ssh_transport_lost_words(transport);
	} else if (is_damaged(transport)) {
		*words = "it was damaged on the way";
		return FAIL_TUNNEL_DAMAGED;
	} else {
		libssh2_session_last_error(ssh_transport_session(transport),
		    &error, NULL, 0);
		*words = error;
	}
	return FAIL_TUNNEL_LOST;
}

void
ssh_facts_read(const struct ssh_transport *transport, struct ssh_facts *facts)
{
	LIBSSH2_SESSION *session = ssh_transport_session(transport);
	const char *methods = ssh_transport_said(transport)->methods;

	memset(facts, 0, sizeof *facts);
	read_software(session, facts->software, sizeof facts->software);
	read_method(session, LIBSSH2_METHOD_KEX, facts->kex, sizeof facts->kex);
	read_method(session, LIBSSH2_METHOD_CRYPT_CS, facts->cipher,
	    sizeof facts->cipher);
	read_hostkey(session, facts);
	text_printable(facts->methods, sizeof facts->methods, methods,
	    strlen(methods));
}
