/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whatever a jump box offers: what is said of a gap is text and true.  A host
 * key that we and it have in common is no gap, and one that we have not is, if
 * nothing is missing before it.  An offer has all in common with itself, but
 * for lists without a name.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ssh/kexinit.h"

#define HOST_KEYS "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512"

/* Of our side, in the order of RFC 4253, 7.1. */
static struct ssh_blob
offer_new(void)
{
	static const char *const lists[] = {
		"curve25519-sha256,ecdh-sha2-nistp256",
		HOST_KEYS,
		"aes256-gcm@openssh.com,aes256-ctr",
		"aes256-gcm@openssh.com,aes256-ctr",
		"hmac-sha2-256-etm@openssh.com,hmac-sha2-256",
		"hmac-sha2-256-etm@openssh.com,hmac-sha2-256",
		"none",
		"none",
	};
	struct ssh_blob offer = { 0 };

	for (int i = 0; i < 17; i++) /* SSH_MSG_KEXINIT, and the cookie */
		ssh_wire_write_byte(&offer, 20);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		ssh_wire_write_string(&offer, lists[i], strlen(lists[i]));
	return offer;
}

/* The kind of algorithm that is missing, or "". */
static const char *
gap(struct ssh_wire ours, struct ssh_wire theirs)
{
	static char words[300];
	static const char begin[] = "for the ";

	words[0] = '\0';
	if (!ssh_kexinit_has_gap(ours, theirs, words, sizeof words)) {
		assert(words[0] == '\0');
		return "";
	}
	assert(strlen(words) < sizeof words - 1);
	assert(strncmp(words, begin, strlen(begin)) == 0);
	for (const char *at = words; *at != '\0'; at++)
		assert(*at >= ' ' && *at <= '~');
	return words + strlen(begin);
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ssh_blob offer = offer_new();
	struct ssh_wire ours = { offer.bytes, offer.len };
	struct ssh_wire theirs = { data, len };
	const bool has_host_key = ssh_kexinit_has_host_key(theirs, HOST_KEYS);
	const char *missing = gap(ours, theirs);

	if (has_host_key)
		assert(!begins(missing, "host key"));
	else
		assert(missing[0] == '\0' || begins(missing, "key exchange") ||
		    begins(missing, "host key"));
	assert(!ssh_kexinit_has_host_key(theirs, ""));
	gap(theirs, ours);
	missing = gap(theirs, theirs);
	if (missing[0] != '\0')
		assert(strstr(missing, "it offers only ") +
			strlen("it offers only ") ==
		    missing + strlen(missing));
	free(offer.bytes);
	return 0;
}
