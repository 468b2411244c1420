/* SPDX-License-Identifier: PostgreSQL */

/*
 * Two offers of algorithms: what they have not in common, and whether one
 * offers a kind of host key.  Packets may be cut anywhere.
 */
#include "ssh/kexinit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define LISTS 8

/* A packet with these lists; NULL stands for an empty one. */
static struct ssh_blob
packet(const char *const lists[LISTS])
{
	struct ssh_blob blob = { 0 };

	ssh_wire_write_byte(&blob, 20);
	for (int i = 0; i < 16; i++)
		ssh_wire_write_byte(&blob, 'c'); /* the cookie */
	for (int i = 0; i < LISTS; i++) {
		const char *list = lists[i] != NULL ? lists[i] : "";

		ssh_wire_write_string(&blob, list, strlen(list));
	}
	return blob;
}

static struct ssh_wire
wire(const struct ssh_blob *blob)
{
	return (struct ssh_wire){ blob->bytes, blob->len };
}

static bool
offers(const char *host_keys, const char *names)
{
	const char *const lists[LISTS] = { "curve25519-sha256", host_keys };
	struct ssh_blob blob = packet(lists);
	bool found = ssh_kexinit_has_host_key(wire(&blob), names);

	free(blob.bytes);
	return found;
}

static void
a_host_key_is_offered_by_its_whole_name(void **state)
{
	(void)state;
	assert_true(offers("ssh-ed25519", "ssh-ed25519"));
	assert_true(offers("rsa-sha2-512,ssh-ed25519", "ssh-ed25519"));
	assert_true(offers("rsa-sha2-256", "rsa-sha2-512,rsa-sha2-256"));
	assert_false(offers("", "ssh-ed25519"));
	assert_false(offers("ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519"));
	assert_false(offers("ssh-ed2551", "ssh-ed25519"));
	assert_false(offers("ssh-rsa", "rsa-sha2-512,rsa-sha2-256"));
}

static void
other_lists_do_not_count(void **state)
{
	const char *const lists[LISTS] = { "ssh-ed25519", "ssh-rsa",
		"ssh-ed25519", "ssh-ed25519" };
	struct ssh_blob blob = packet(lists);

	(void)state;
	assert_false(ssh_kexinit_has_host_key(wire(&blob), "ssh-ed25519"));
	free(blob.bytes);
}

/*
 * Cut it anywhere, in an exact copy, so that a sanitizer sees a read past it.
 */
static void
a_packet_that_is_cut_offers_nothing(void **state)
{
	const char *const lists[LISTS] = { "kex", "ssh-ed25519" };
	struct ssh_blob blob = packet(lists);
	size_t needed = 17 + 4 + strlen(lists[0]) + 4 + strlen(lists[1]);
	char words[100];

	(void)state;
	for (size_t len = 0; len < needed; len++) {
		unsigned char *cut = malloc(len > 0 ? len : 1);
		struct ssh_wire rest = { cut, len };

		memcpy(cut, blob.bytes, len);
		assert_false(ssh_kexinit_has_host_key(rest, "ssh-ed25519"));
		assert_false(ssh_kexinit_has_gap(rest, wire(&blob), words,
				 sizeof words) &&
		    strstr(words, "host key") != NULL);
		free(cut);
	}
	free(blob.bytes);
}

static void
the_gap_is_named(void **state)
{
	const char *const ours[LISTS] = { "a,b", "h", "c", "c", "m", "m",
		"none", "none" };
	const char *const theirs[LISTS] = { "b", "h", "x,y", "c", "m", "m",
		"none", "none" };
	struct ssh_blob mine = packet(ours), other = packet(theirs);
	char words[100];

	(void)state;
	assert_true(ssh_kexinit_has_gap(wire(&mine), wire(&other), words,
	    sizeof words));
	assert_string_equal(words, "for the cipher it offers only x,y");
	assert_false(
	    ssh_kexinit_has_gap(wire(&mine), wire(&mine), words, sizeof words));
	free(mine.bytes);
	free(other.bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_key_is_offered_by_its_whole_name),
		cmocka_unit_test(other_lists_do_not_count),
		cmocka_unit_test(a_packet_that_is_cut_offers_nothing),
		cmocka_unit_test(the_gap_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
