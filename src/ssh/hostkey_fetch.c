/* SPDX-License-Identifier: PostgreSQL */

/*
 * In a handshake a server shows only the key of the algorithm that both sides
 * agree on.  So we ask for each type alone, if it is in the server's list of
 * algorithms (RFC 4253, 7.1).
 */
#include "ssh/hostkey_fetch.h"

#include <assert.h>
#include <libssh2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "key/ssh_wire.h"
#include "ssh/dial.h"
#include "ssh/facts.h"
#include "ssh/kexinit.h"
#include "ssh/transport.h"

static void
keep(struct ssh_hostkey_fetched *keys, const struct ssh_transport *transport)
{
	struct ssh_hostkey_shown *key = &keys->keys[keys->count++];
	struct ssh_facts facts;
	const char *blob;
	int kind;

	blob = libssh2_session_hostkey(ssh_transport_session(transport),
	    &key->len, &kind);
	assert(blob != NULL); /* a handshake ends with one */
	key->blob = xmalloc(key->len);
	memcpy(key->blob, blob, key->len);
	ssh_facts_read(transport, &facts);
	memcpy(key->type, facts.hostkey_type, sizeof key->type);
	memcpy(key->fingerprint, facts.fingerprint, sizeof key->fingerprint);
	memcpy(keys->software, facts.software, sizeof keys->software);
}

static bool
offers(const struct ssh_transport *transport, const char *algorithms)
{
	const struct ssh_blob *theirs = &ssh_transport_said(transport)
					     ->kexinits[1];

	return ssh_kexinit_has_host_key((struct ssh_wire){ theirs->bytes,
					    theirs->len },
	    algorithms);
}

/*
 * Shake hands for a key of one type.  With `is_offered`: for any type, and note
 * which types the server has.
 */
static enum failure
fetch(const struct dial *dial, const struct config_jump *jump,
    const char *algorithms, struct ssh_hostkey_fetched *keys, bool *is_offered,
    struct fault *fault)
{
	struct ssh_transport *transport;
	enum failure code;

	code = dial_handshake(dial, jump, algorithms, &transport, fault);
	if (code != FAIL_NONE)
		return code;
	keep(keys, transport);
	for (size_t i = 0; is_offered != NULL && i < SSH_ALGORITHMS_HOSTKEYS;
	     i++) {
		const struct ssh_algorithms_hostkey
		    *type = &ssh_algorithms_hostkeys[i];

		is_offered[i] = offers(transport, type->algorithms);
		keys->is_certified |= offers(transport, type->certified);
	}
	ssh_transport_free(transport);
	return FAIL_NONE;
}

enum failure
ssh_hostkey_fetch(const struct dial *dial, const struct config_jump *jump,
    struct ssh_hostkey_fetched *keys, struct fault *fault)
{
	bool is_offered[SSH_ALGORITHMS_HOSTKEYS];
	enum failure code;

	*keys = (struct ssh_hostkey_fetched){ 0 };
	code = fetch(dial, jump, NULL, keys, is_offered, fault);
	for (size_t i = 0; i < SSH_ALGORITHMS_HOSTKEYS && code == FAIL_NONE;
	     i++)
		if (is_offered[i] &&
		    strcmp(keys->keys[0].type,
			ssh_algorithms_hostkeys[i].type) != 0)
			code = fetch(dial, jump,
			    ssh_algorithms_hostkeys[i].algorithms, keys, NULL,
			    fault);
	return code;
}

void
ssh_hostkey_fetch_clear(struct ssh_hostkey_fetched *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		free(keys->keys[i].blob);
	*keys = (struct ssh_hostkey_fetched){ 0 };
}
