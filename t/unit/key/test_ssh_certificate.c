/* SPDX-License-Identifier: PostgreSQL */

/*
 * Certificates made field by field, each also cut at every byte.
 */
#include "key/ssh_certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void
add(struct ssh_blob *blob, const char *text)
{
	ssh_wire_write_string(blob, text, strlen(text));
}

static void
add_u64(struct ssh_blob *blob)
{
	ssh_wire_write_u32(blob, 0);
	ssh_wire_write_u32(blob, 0);
}

static void
add_extensions(struct ssh_blob *blob)
{
	struct ssh_blob extensions = { 0 };

	add(&extensions, "permit-agent-forwarding");
	add(&extensions, "");
	add(&extensions, "permit-port-forwarding");
	add(&extensions, "");
	ssh_wire_write_string(blob, extensions.bytes, extensions.len);
	free(extensions.bytes);
}

static void
add_principals(struct ssh_blob *blob)
{
	struct ssh_blob principals = { 0 };

	add(&principals, "db.example.com");
	add(&principals, "db");
	ssh_wire_write_string(blob, principals.bytes, principals.len);
	free(principals.bytes);
}

/* A certificate of a key with these fields. */
static struct ssh_blob
make(const char *type, const char *first, const char *second)
{
	struct ssh_blob blob = { 0 };

	add(&blob, type);
	add(&blob, "a nonce");
	add(&blob, first);
	if (second != NULL)
		add(&blob, second);
	add_u64(&blob);
	ssh_wire_write_u32(&blob, SSH_CERTIFICATE_HOST);
	add(&blob, "id");
	add_principals(&blob);
	add_u64(&blob);
	add_u64(&blob);
	add(&blob, "");
	add_extensions(&blob);
	add(&blob, "");
	add(&blob, "the authority");
	add(&blob, "the signature");
	return blob;
}

static struct ssh_blob
make_key(const char *type, const char *first, const char *second)
{
	struct ssh_blob blob = { 0 };

	add(&blob, type);
	add(&blob, first);
	if (second != NULL)
		add(&blob, second);
	return blob;
}

static struct ssh_wire
wire_of(const struct ssh_blob *blob)
{
	return (struct ssh_wire){ blob->bytes, blob->len };
}

static void
each_type_certifies_its_key(void **state)
{
	static const struct {
		const char *type, *first, *second;
	} keys[] = {
		{ "ssh-ed25519", "point", NULL },
		{ "ecdsa-sha2-nistp256", "nistp256", "point" },
		{ "ecdsa-sha2-nistp384", "nistp384", "point" },
		{ "ecdsa-sha2-nistp521", "nistp521", "point" },
		{ "ssh-rsa", "exponent", "modulus" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		char type[80] = "";
		struct ssh_blob certificate, key, other;

		strcat(strcpy(type, keys[i].type), SSH_CERTIFICATE_SUFFIX);
		certificate = make(type, keys[i].first, keys[i].second);
		key = make_key(keys[i].type, keys[i].first, keys[i].second);
		other = make_key(keys[i].type, "another", keys[i].second);
		assert_true(ssh_certificate_is_of(wire_of(&certificate),
		    wire_of(&key)));
		assert_false(ssh_certificate_is_of(wire_of(&certificate),
		    wire_of(&other)));
		assert_false(
		    ssh_certificate_is_of(wire_of(&key), wire_of(&key)));
		free(certificate.bytes);
		free(key.bytes);
		free(other.bytes);
	}
}

static void
what_is_permitted_is_read(void **state)
{
	struct ssh_blob blob = make("ssh-ed25519" SSH_CERTIFICATE_SUFFIX,
	    "point", NULL);
	struct ssh_wire wire = wire_of(&blob);

	(void)state;
	assert_true(ssh_certificate_permits(wire, "permit-port-forwarding"));
	assert_true(ssh_certificate_permits(wire, "permit-agent-forwarding"));
	assert_false(ssh_certificate_permits(wire, "permit-pty"));
	free(blob.bytes);
}

/* An exact heap copy of each part, so that a sanitizer sees a read past it. */
static void
a_part_of_one_is_none(void **state)
{
	struct ssh_blob blob = make("ssh-rsa" SSH_CERTIFICATE_SUFFIX,
	    "exponent", "modulus");

	(void)state;
	for (size_t len = 0; len < blob.len; len++) {
		struct ssh_wire part = { malloc(len > 0 ? len : 1), len };
		struct ssh_certificate says;
		struct ssh_blob key;

		assert_non_null(part.at);
		memcpy((void *)part.at, blob.bytes, len);
		assert_false(ssh_certificate_read(part, &says));
		if (!ssh_certificate_key(part, &key))
			assert_null(key.bytes);
		free(key.bytes);
		free((void *)part.at);
	}
	free(blob.bytes);
}

static void
names_are_whole_names(void **state)
{
	struct ssh_blob blob = make("ssh-ed25519" SSH_CERTIFICATE_SUFFIX,
	    "point", NULL);
	struct ssh_certificate says;
	char names[64];

	(void)state;
	assert_true(ssh_certificate_read(wire_of(&blob), &says));
	assert_true(ssh_certificate_names(&says, "db"));
	assert_true(ssh_certificate_names(&says, "db.example.com"));
	assert_false(ssh_certificate_names(&says, "d"));
	assert_false(ssh_certificate_names(&says, "DB"));
	assert_false(ssh_certificate_names(&says, "db.example"));
	ssh_certificate_list(&says, names, sizeof names);
	assert_string_equal(names, "db.example.com, db");
	ssh_certificate_list(&says, names, 4);
	assert_string_equal(names, "db.");
	says.principals.left = 0;
	ssh_certificate_list(&says, names, sizeof names);
	assert_string_equal(names, "any name");
	free(blob.bytes);
}

/* A warning comes 7 days before the end, or for the last fifth of a life. */
static void
an_end_is_seen_in_time(void **state)
{
	enum {
		DAY = 24 * 60 * 60
	};
	static const struct {
		uint64_t after, before, now;
		enum ssh_certificate_time stands;
	} cases[] = {
		{ 1000, 2000, 999, SSH_CERTIFICATE_EARLY },
		{ 1000, 2000, 1000, SSH_CERTIFICATE_VALID },
		{ 1000, 2000, 1799, SSH_CERTIFICATE_VALID },
		{ 1000, 2000, 1800, SSH_CERTIFICATE_ENDING },
		{ 1000, 2000, 1999, SSH_CERTIFICATE_ENDING },
		{ 1000, 2000, 2000, SSH_CERTIFICATE_EXPIRED },
		{ 0, 100 * DAY, 93 * DAY - 1, SSH_CERTIFICATE_VALID },
		{ 0, 100 * DAY, 93 * DAY, SSH_CERTIFICATE_ENDING },
		{ 0, UINT64_MAX, 93 * DAY, SSH_CERTIFICATE_VALID },
		{ 2000, 1000, 1500, SSH_CERTIFICATE_EARLY },
		{ 2000, 1000, 2500, SSH_CERTIFICATE_EXPIRED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct ssh_certificate says = {
			.valid_after = cases[i].after,
			.valid_before = cases[i].before,
		};

		assert_int_equal(ssh_certificate_time(&says, cases[i].now),
		    cases[i].stands);
	}
}

static void
a_time_has_a_date(void **state)
{
	const struct ssh_certificate ever = { .valid_before = UINT64_MAX };
	const struct ssh_certificate day = { .valid_before = 86400 };

	(void)state;
	assert_string_equal(ssh_certificate_date(0).text,
	    "1970-01-01 00:00:00 UTC");
	assert_string_equal(ssh_certificate_date(253402300799).text,
	    "9999-12-31 23:59:59 UTC");
	assert_string_equal(ssh_certificate_date(253402300800).text,
	    "for ever");
	assert_string_equal(ssh_certificate_date(UINT64_MAX).text, "for ever");
	assert_string_equal(ssh_certificate_end(&ever).text, "for ever");
	assert_string_equal(ssh_certificate_end(&day).text,
	    "until 1970-01-02 00:00:00 UTC");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_type_certifies_its_key),
		cmocka_unit_test(what_is_permitted_is_read),
		cmocka_unit_test(a_part_of_one_is_none),
		cmocka_unit_test(names_are_whole_names),
		cmocka_unit_test(an_end_is_seen_in_time),
		cmocka_unit_test(a_time_has_a_date),
	};

	return cmocka_run_group_tests_name("ssh_certificate", tests, NULL,
	    NULL);
}
