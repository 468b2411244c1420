/* SPDX-License-Identifier: PostgreSQL */

/*
 * What is read from packets as libssh2 frees them, and that no length in them
 * is trusted.
 */
#include "ssh/said.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define BYTES(text) text, sizeof(text) - 1

/* An exact heap copy, so that a sanitizer sees a read past it. */
static void
look(struct ssh_said *said, enum ssh_said_due due, const char *bytes,
    size_t len)
{
	char *block = malloc(len);

	assert_non_null(block);
	memcpy(block, bytes, len);
	ssh_said_look(said, due, block, len);
	free(block);
}

static void
a_refused_open_is_kept(void **state)
{
	struct ssh_said said = { 0 };

	(void)state;
	look(&said, SSH_SAID_OPEN,
	    BYTES("\x5c\0\0\0\0\0\0\0\x02\0\0\0\x12"
		  "Connection refused\0\0\0\0padding"));
	assert_int_equal(said.open_reason, 2);
	assert_string_equal(said.open_text, "Connection refused");
	ssh_said_forget_open(&said);
	assert_int_equal(said.open_reason, 0);
	assert_string_equal(said.open_text, "");
}

static void
words_are_made_printable(void **state)
{
	struct ssh_said said = { 0 };

	(void)state;
	look(&said, SSH_SAID_OPEN,
	    BYTES("\x5c\0\0\0\0\0\0\0\x02\0\0\0\x09"
		  "a\x1b[31m\0\n\xff\0\0\0\0"));
	assert_string_equal(said.open_text, "a?[31m? ?");
}

static void
what_makes_no_sense_is_not_kept(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		{ BYTES("\x5c\0\0\0\0\0") },
		{ BYTES("\x5c\0\0\0\0\0\0\0\x02\0\0\0\x10short") },
		{ BYTES("\x5c\0\0\0\0\0\0\0\x02\xff\xff\xff\xfftext") },
		{ BYTES("\x5c\0\0\0\0\0\0\0\x00\0\0\0\0\0\0\0\0") },
		{ BYTES("\x5c\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\0") },
		{ BYTES("\x5b\0\0\0\0\0\0\0\x02\0\0\0\x01x\0\0\0\0") },
	};
	struct ssh_said said = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		look(&said, SSH_SAID_OPEN, cases[i].bytes, cases[i].len);
		assert_int_equal(said.open_reason, 0);
	}
}

static void
an_answer_that_is_not_due_is_not_kept(void **state)
{
	static const char refusal[] =
	    "\x5c\0\0\0\0\0\0\0\x02\0\0\0\x01x\0\0\0\0";
	static const char failure[] = "\x33\0\0\0\x08password\0";
	struct ssh_said said = { 0 };

	(void)state;
	look(&said, SSH_SAID_NOTHING, BYTES(refusal));
	look(&said, SSH_SAID_HANDSHAKE, BYTES(refusal));
	assert_int_equal(said.open_reason, 0);
	look(&said, SSH_SAID_NOTHING, BYTES(failure));
	look(&said, SSH_SAID_OPEN, BYTES(failure));
	assert_int_equal(said.auth_failures, 0);
}

static void
methods_that_can_continue_are_kept(void **state)
{
	struct ssh_said said = { 0 };

	(void)state;
	look(&said, SSH_SAID_HANDSHAKE,
	    BYTES("\x33\0\0\0\x12"
		  "publickey,password\0"));
	assert_int_equal(said.auth_failures, 1);
	assert_false(said.is_partial);
	assert_string_equal(said.methods, "publickey,password");
	look(&said, SSH_SAID_HANDSHAKE, BYTES("\x33\0\0\0\x08password\1"));
	assert_int_equal(said.auth_failures, 2);
	assert_true(said.is_partial);
	assert_string_equal(said.methods, "password");
	look(&said, SSH_SAID_HANDSHAKE, BYTES("\x33\0\0\0\x08pass\0ord\1"));
	look(&said, SSH_SAID_HANDSHAKE, BYTES("\x33\0\0\0\x08password\7"));
	look(&said, SSH_SAID_HANDSHAKE, BYTES("\x33\0\0\0\x08password"));
	assert_int_equal(said.auth_failures, 2);
}

static void
the_last_two_offers_are_kept(void **state)
{
	static const char ours[] = "\x14"
				   "0123456789abcdef\0\0\0\x04ours\0\0\0\0";
	/* The last name is one of RFC 4462, 2. */
	static const char theirs[] =
	    "\x14"
	    "0123456789abcdef\0\0\0\x2b"
	    "gss-group14-sha256-toWM5Slw5Ew8Mqkay+al2g==\0\0\0\0";
	struct ssh_said said = { 0 };

	(void)state;
	look(&said, SSH_SAID_HANDSHAKE, BYTES("\x14 too short"));
	assert_null(said.kexinits[1].bytes);
	look(&said, SSH_SAID_HANDSHAKE, BYTES(ours));
	look(&said, SSH_SAID_HANDSHAKE, BYTES(theirs));
	assert_int_equal(said.kexinits[0].len, sizeof ours - 1);
	assert_memory_equal(said.kexinits[0].bytes, ours, sizeof ours - 1);
	assert_memory_equal(said.kexinits[1].bytes, theirs, sizeof theirs - 1);
	ssh_said_clear(&said);
}

#define EXT_INFO(count) "\x07\0\0\0" count
#define LISTS           "\0\0\0\x0fserver-sig-algs"

static void
signatures_that_are_told_are_kept(void **state)
{
	static const char both[] = EXT_INFO("\x02") "\0\0\0\x04ping\0\0\0\x01"
						    "0" LISTS "\0\0\0\x18"
						    "ssh-rsa,rsa-sha2-256,etc";
	struct ssh_said said = { 0 };

	(void)state;
	look(&said, SSH_SAID_HANDSHAKE,
	    BYTES(EXT_INFO("\x01") "\0\0\0\x04ping\0\0\0\x01"
				   "0"));
	assert_false(said.has_signatures);
	look(&said, SSH_SAID_HANDSHAKE, BYTES(both));
	assert_true(said.has_signatures);
	assert_true(said.takes_rsa_sha2);
	assert_int_equal(said.signatures_len, 0x18);
	assert_true(ssh_said_takes(&said, "ssh-rsa"));
	assert_true(ssh_said_takes(&said, "etc"));
	assert_false(ssh_said_takes(&said, "rsa-sha2"));
	look(&said, SSH_SAID_HANDSHAKE,
	    BYTES(EXT_INFO("\x01") LISTS "\0\0\0\x0drsa-sha2-5120"));
	assert_false(said.takes_rsa_sha2);
	assert_false(ssh_said_takes(&said, "ssh-rsa"));
	assert_int_equal(said.signatures_len, 0x18);
	ssh_said_clear(&said);
	assert_false(ssh_said_takes(&said, "ssh-rsa"));
}

static void
signatures_that_are_cut_or_not_due_are_not_kept(void **state)
{
	static const char list[] = EXT_INFO("\x01") LISTS "\0\0\0\x04"
							  "etc.";
	struct ssh_said said = { 0 };

	(void)state;
	for (size_t len = 0; len < sizeof list - 1; len++)
		look(&said, SSH_SAID_HANDSHAKE, list, len);
	look(&said, SSH_SAID_OPEN, BYTES(list));
	look(&said, SSH_SAID_NOTHING, BYTES(list));
	look(&said, SSH_SAID_HANDSHAKE,
	    BYTES(EXT_INFO("\0") LISTS "\0\0\0\x04"
				       "etc."));
	look(&said, SSH_SAID_HANDSHAKE,
	    BYTES(EXT_INFO("\x01") LISTS "\xff\xff\xff\xff"
					 "etc."));
	assert_false(said.has_signatures);
	assert_int_equal(said.signatures_len, 0);
	look(&said, SSH_SAID_HANDSHAKE, BYTES(list));
	assert_true(said.has_signatures);
	ssh_said_clear(&said);
}

static void
newkeys_is_seen_to_go_out(void **state)
{
	static const unsigned char newkeys[16] = { 0, 0, 0, 12, 10, 21 };
	struct ssh_said said = { 0 };

	(void)state;
	ssh_said_sent(&said, "SSH-2.0-libssh2_1.11.1\r\n", 24);
	ssh_said_sent(&said, newkeys, 5);
	assert_false(said.has_sent_newkeys);
	ssh_said_sent(&said, newkeys, sizeof newkeys);
	assert_true(said.has_sent_newkeys);
	ssh_said_sent(&said, "\0\0\0\14\12\5service", 13);
	assert_true(said.has_sent_newkeys);
}

static void
the_first_bytes_are_kept_up_to_a_bound(void **state)
{
	struct ssh_said said = { 0 };
	char many[300];

	(void)state;
	memset(many, 'x', sizeof many);
	ssh_said_first(&said, "HTTP", 4);
	ssh_said_first(&said, many, sizeof many);
	ssh_said_first(&said, "more", 4);
	assert_int_equal(said.first_len, sizeof said.first);
	assert_memory_equal(said.first, "HTTPxxxx", 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_open_is_kept),
		cmocka_unit_test(words_are_made_printable),
		cmocka_unit_test(what_makes_no_sense_is_not_kept),
		cmocka_unit_test(an_answer_that_is_not_due_is_not_kept),
		cmocka_unit_test(methods_that_can_continue_are_kept),
		cmocka_unit_test(the_last_two_offers_are_kept),
		cmocka_unit_test(signatures_that_are_told_are_kept),
		cmocka_unit_test(
		    signatures_that_are_cut_or_not_due_are_not_kept),
		cmocka_unit_test(newkeys_is_seen_to_go_out),
		cmocka_unit_test(the_first_bytes_are_kept_up_to_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
