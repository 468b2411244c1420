/* SPDX-License-Identifier: PostgreSQL */

/*
 * The verdict on a host key under each policy, and which keys are asked for.
 * Keys are blobs of the right form only: there is no handshake.
 */
#include "ssh/hostkey_trust.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/xmalloc.h"
#include "config/config.h"
#include "key/base64.h"
#include "key/ssh_key.h"
#include "key/ssh_wire.h"
#include "ssh/algorithms.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define ED25519 "ssh-ed25519"
#define RSA     "ssh-rsa"
#define P256    "ecdsa-sha2-nistp256"

/* --- Keys and files ---------------------------------------------------- */

/* A key of a type, told from others by its number; the caller frees it. */
static struct ssh_blob
make_key(const char *type, unsigned char number)
{
	unsigned char body[32];
	struct ssh_blob blob = { 0 };

	memset(body, number, sizeof body);
	ssh_wire_write_string(&blob, type, strlen(type));
	ssh_wire_write_string(&blob, body, sizeof body);
	return blob;
}

/* Append "NAMES TYPE BASE64" to a file. */
static void
add_line(const char *file, const char *names, const char *type,
    unsigned char number)
{
	struct ssh_blob blob = make_key(type, number);
	char *text = xmalloc(BASE64_TEXT_SIZE(blob.len));
	FILE *stream = fopen(file, "a");

	assert_non_null(stream);
	base64_encode(text, blob.bytes, blob.len);
	fprintf(stream, "%s %s %s\n", names, type, text);
	fclose(stream);
	free(text);
	free(blob.bytes);
}

static char *
fingerprint(const char *type, unsigned char number)
{
	struct ssh_blob blob = make_key(type, number);
	char *text = xmalloc(64);

	ssh_key_fingerprint(blob.bytes, blob.len, text);
	free(blob.bytes);
	return text;
}

static char *files[] = { "one", "two" };

static struct config_jump
make_jump(enum host_trust trust)
{
	return (struct config_jump){ .label = "jump.example.com:22",
		.host = "jump.example.com",
		.port = 22,
		.trust = trust,
		.known_hosts = files,
		.known_hosts_count = COUNT(files),
		.accept_new_file = "state/known_hosts" };
}

/* Show a key to a policy; the caller looks at the fault. */
static enum failure
show(const struct config_jump *jump, const char *type, unsigned char number,
    struct fault *fault)
{
	struct ssh_blob blob = make_key(type, number);
	struct ssh_hostkey_trust *hostkey;
	enum failure code;
	const char *by;

	*fault = (struct fault){ 0 };
	hostkey = ssh_hostkey_trust_read(jump, fault);
	assert_non_null(hostkey);
	code = ssh_hostkey_trust_judge(hostkey, blob.bytes, blob.len, fault);
	assert_int_equal(code, fault->code);
	by = ssh_hostkey_trust_by(hostkey);
	assert_int_equal(by[0] != '\0', code == FAIL_NONE);
	assert_non_null(strstr(fault->detail, by));
	ssh_hostkey_trust_free(hostkey);
	free(blob.bytes);
	return code;
}

/* The fault's words are `text`, with a key's fingerprint for %F. */
static void
assert_said(const char *said, const char *text, const char *type,
    unsigned char number)
{
	char *print = fingerprint(type, number);
	const char *hole = strstr(text, "%F");
	char *expected = xasprintf("%.*s%s%s", (int)(hole - text), text, print,
	    hole + 2);

	assert_string_equal(said, expected);
	free(expected);
	free(print);
}

/* Each test works in a directory of its own, and logs into a file there. */
static int
enter(void **state)
{
	char template[] = "/tmp/test_ssh_hostkey_trust.XXXXXX";
	int fd;

	if (mkdtemp(template) == NULL || chdir(template) != 0)
		return -1;
	fflush(stderr);
	fd = open("log", O_RDWR | O_CREAT | O_APPEND, 0600);
	*state = xasprintf("%d %s", dup(2), template);
	return dup2(fd, 2) < 0 || close(fd) != 0;
}

static int
leave(void **state)
{
	const char *directory = strchr(*state, ' ') + 1;
	char *command = xasprintf("rm -rf '%s'", directory);
	int saved = atoi(*state), rc;

	rc = dup2(saved, 2) < 0 || close(saved) != 0 || chdir("/") != 0 ||
	    system(command) != 0;
	free(command);
	free(*state);
	return rc;
}

static bool
logged(const char *words)
{
	char text[8192] = "";
	FILE *file = fopen("log", "r");

	assert_non_null(file);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	return strstr(text, words) != NULL;
}

/* --- known_hosts ------------------------------------------------------- */

static void
a_key_in_a_file_is_trusted(void **state)
{
	struct config_jump jump = make_jump(TRUST_KNOWN_HOSTS);
	struct fault fault;

	(void)state;
	add_line("two", "other", ED25519, 9);
	add_line("two", "jump.example.com", ED25519, 1);
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_NONE);
	assert_said(fault.detail, "host key ssh-ed25519 %F is known by two:2",
	    ED25519, 1);
}

static void
any_line_of_several_may_vouch(void **state)
{
	struct config_jump jump = make_jump(TRUST_KNOWN_HOSTS);
	struct fault fault;

	(void)state;
	add_line("one", "jump.example.com", ED25519, 9);
	add_line("one", "jump.example.com", ED25519, 1);
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_NONE);
}

static void
an_unknown_key_is_named_with_the_files(void **state)
{
	struct config_jump jump = make_jump(TRUST_KNOWN_HOSTS);
	struct fault fault;

	(void)state;
	add_line("one", "other", ED25519, 1);
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_HOSTKEY_UNKNOWN);
	assert_said(fault.words, "it shows ssh-ed25519 %F, not in one, two",
	    ED25519, 1);
	assert_string_equal(fault.detail, "");
}

static void
bad_lines_are_told_with_an_unknown_key(void **state)
{
	struct config_jump jump = make_jump(TRUST_KNOWN_HOSTS);
	struct fault fault;

	(void)state;
	add_line("one", "@nonsense jump.example.com", ED25519, 1);
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_HOSTKEY_UNKNOWN);
	assert_string_equal(fault.detail, "invalid lines in these files: 1");
}

static void
without_files_nothing_is_known(void **state)
{
	struct config_jump jump = make_jump(TRUST_KNOWN_HOSTS);
	struct fault fault;

	(void)state;
	jump.known_hosts_count = 0;
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_HOSTKEY_UNKNOWN);
	assert_said(fault.words,
	    "it shows ssh-ed25519 %F, not in any "
	    "known_hosts file, as none is set",
	    ED25519, 1);
}

static void
another_key_is_a_change(void **state)
{
	struct config_jump jump = make_jump(TRUST_KNOWN_HOSTS);
	struct fault fault;

	(void)state;
	add_line("two", "jump.example.com", RSA, 1);
	add_line("two", "jump.example.com", ED25519, 1);
	assert_int_equal(show(&jump, ED25519, 2, &fault), FAIL_HOSTKEY_CHANGED);
	assert_said(fault.words,
	    "it shows ssh-ed25519 %F but two:2 has "
	    "another ssh-ed25519 key",
	    ED25519, 2);
}

static void
another_type_is_a_change(void **state)
{
	struct config_jump jump = make_jump(TRUST_KNOWN_HOSTS);
	struct fault fault;

	(void)state;
	add_line("one", "jump.example.com", RSA, 1);
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_HOSTKEY_CHANGED);
	assert_said(fault.words,
	    "it shows ssh-ed25519 %F but one:1 has a key "
	    "of type ssh-rsa",
	    ED25519, 1);
}

static void
a_revoked_key_is_refused_by_every_policy(void **state)
{
	char *pin = fingerprint(ED25519, 1);
	struct fault fault;

	(void)state;
	add_line("one", "jump.example.com", ED25519, 1);
	add_line("two", "@revoked *", ED25519, 1);
	for (int trust = TRUST_KNOWN_HOSTS; trust <= TRUST_ANY; trust++) {
		struct config_jump jump = make_jump(trust);

		jump.pins = &pin;
		jump.pin_count = 1;
		assert_int_equal(show(&jump, ED25519, 1, &fault),
		    FAIL_HOSTKEY_REVOKED);
		assert_said(fault.words,
		    "it shows ssh-ed25519 %F, revoked by "
		    "two:1",
		    ED25519, 1);
	}
	free(pin);
}

static void
a_revoked_key_says_nothing_of_others(void **state)
{
	struct config_jump jump = make_jump(TRUST_KNOWN_HOSTS);
	struct fault fault;

	(void)state;
	add_line("one", "@revoked *", ED25519, 2);
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_HOSTKEY_UNKNOWN);
	add_line("one", "jump.example.com", ED25519, 1);
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_NONE);
}

static void
an_authority_alone_is_not_enough(void **state)
{
	struct config_jump jump = make_jump(TRUST_KNOWN_HOSTS);
	struct fault fault;

	(void)state;
	add_line("one", "@cert-authority *.example.com", ED25519, 1);
	assert_int_equal(show(&jump, ED25519, 1, &fault),
	    ssh_algorithms_has_certificates ? FAIL_HOSTKEY_UNCERTIFIED
					    : FAIL_HOSTKEY_AUTHORITY);
	assert_said(fault.words,
	    "it shows ssh-ed25519 %F, one:1 names an "
	    "authority only",
	    ED25519, 1);
	add_line("one", "jump.example.com", ED25519, 1);
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_NONE);
}

static void
a_bare_name_vouches_and_never_contradicts(void **state)
{
	struct config_jump jump = make_jump(TRUST_KNOWN_HOSTS);
	struct fault fault;

	(void)state;
	jump.port = 2222;
	add_line("one", "jump.example.com", ED25519, 1);
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_NONE);
	assert_int_equal(show(&jump, ED25519, 2, &fault), FAIL_HOSTKEY_UNKNOWN);
	add_line("one", "[jump.example.com]:2222", ED25519, 3);
	assert_int_equal(show(&jump, ED25519, 2, &fault), FAIL_HOSTKEY_CHANGED);
	/* nor does it vouch against a line that names the port */
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_HOSTKEY_CHANGED);
	add_line("one", "[jump.example.com]:2222", ED25519, 1);
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_NONE);
}

static void
an_alias_is_looked_up_without_a_port(void **state)
{
	struct config_jump jump = make_jump(TRUST_KNOWN_HOSTS);
	struct fault fault;

	(void)state;
	jump.port = 2222;
	jump.host_key_alias = "bastion";
	add_line("one", "jump.example.com", ED25519, 1);
	add_line("one", "[jump.example.com]:2222", ED25519, 1);
	add_line("one", "[bastion]:2222", ED25519, 1);
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_HOSTKEY_UNKNOWN);
	assert_said(fault.words,
	    "it shows ssh-ed25519 %F, not in one, two under the name bastion",
	    ED25519, 1);
	add_line("two", "bastion", ED25519, 2);
	assert_int_equal(show(&jump, ED25519, 2, &fault), FAIL_NONE);
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_HOSTKEY_CHANGED);
	add_line("two", "@revoked bastion", ED25519, 2);
	assert_int_equal(show(&jump, ED25519, 2, &fault), FAIL_HOSTKEY_REVOKED);
}

static void
an_unreadable_file_is_a_failure_where_it_counts(void **state)
{
	char *directory[] = { "." };
	struct fault fault;

	(void)state;
	for (int trust = TRUST_KNOWN_HOSTS; trust <= TRUST_ANY; trust++) {
		struct config_jump jump = make_jump(trust);
		struct ssh_hostkey_trust *hostkey;

		fault = (struct fault){ 0 };
		jump.known_hosts = directory;
		jump.known_hosts_count = 1;
		hostkey = ssh_hostkey_trust_read(&jump, &fault);
		if (trust == TRUST_PINS || trust == TRUST_ANY) {
			assert_non_null(hostkey);
			assert_int_equal(fault.code, FAIL_NONE);
		} else {
			assert_null(hostkey);
			assert_int_equal(fault.code, FAIL_HOSTKEY_UNREADABLE);
			assert_string_equal(fault.words, ".: Is a directory");
		}
		ssh_hostkey_trust_free(hostkey);
	}
}

/* --- Pins, accept-new, any --------------------------------------------- */

static void
a_pin_decides_alone(void **state)
{
	char *pins[] = { fingerprint(RSA, 7), fingerprint(ED25519, 1) };
	struct config_jump jump = make_jump(TRUST_PINS);
	struct fault fault;
	char *words;

	(void)state;
	jump.pins = pins;
	jump.pin_count = 2;
	add_line("one", "jump.example.com", ED25519, 2);
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_NONE);
	assert_said(fault.detail, "host key ssh-ed25519 %F is pinned", ED25519,
	    1);
	assert_int_equal(show(&jump, ED25519, 2, &fault), FAIL_HOSTKEY_PIN);
	assert_said(fault.words,
	    "it shows ssh-ed25519 %F, which is none of "
	    "the 2 pins",
	    ED25519, 2);
	jump.pin_count = 1;
	assert_int_equal(show(&jump, ED25519, 2, &fault), FAIL_HOSTKEY_PIN);
	words = xasprintf("it shows ssh-ed25519 %%F, the pin is %s", pins[0]);
	assert_said(fault.words, words, ED25519, 2);
	free(words);
	free(pins[0]);
	free(pins[1]);
}

static void
a_new_key_is_accepted_and_remembered(void **state)
{
	struct config_jump jump = make_jump(TRUST_ACCEPT_NEW);
	struct fault fault;

	(void)state;
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_NONE);
	assert_said(fault.detail,
	    "host key ssh-ed25519 %F is new and was "
	    "accepted",
	    ED25519, 1);
	assert_true(logged("host key remembered"));
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_NONE);
	assert_said(fault.detail,
	    "host key ssh-ed25519 %F is known by "
	    "state/known_hosts:1",
	    ED25519, 1);
	assert_int_equal(show(&jump, ED25519, 2, &fault), FAIL_HOSTKEY_CHANGED);
	assert_said(fault.words,
	    "it shows ssh-ed25519 %F but "
	    "state/known_hosts:1 has another ssh-ed25519 "
	    "key",
	    ED25519, 2);
	assert_int_equal(show(&jump, RSA, 1, &fault), FAIL_HOSTKEY_CHANGED);
}

static void
a_new_key_is_remembered_by_its_alias(void **state)
{
	struct config_jump jump = make_jump(TRUST_ACCEPT_NEW);
	struct fault fault;

	(void)state;
	jump.host_key_alias = "bastion";
	jump.port = 2222;
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_NONE);
	jump.host = "elsewhere.example.com";
	jump.port = 22;
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_NONE);
	assert_said(fault.detail,
	    "host key ssh-ed25519 %F is known by state/known_hosts:1", ED25519,
	    1);
	assert_int_equal(show(&jump, ED25519, 2, &fault), FAIL_HOSTKEY_CHANGED);
}

static void
accept_new_asks_the_files_first(void **state)
{
	struct config_jump jump = make_jump(TRUST_ACCEPT_NEW);
	struct fault fault;

	(void)state;
	add_line("two", "jump.example.com", ED25519, 1);
	assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_NONE);
	assert_int_equal(access("state", F_OK), -1);
	assert_int_equal(show(&jump, ED25519, 2, &fault), FAIL_HOSTKEY_CHANGED);
	assert_int_equal(access("state", F_OK), -1);
}

static void
a_key_that_cannot_be_remembered_is_warned_about(void **state)
{
	static char *const places[] = { NULL, "log/known_hosts" };
	struct config_jump jump = make_jump(TRUST_ACCEPT_NEW);
	struct fault fault;

	(void)state;
	for (size_t i = 0; i < COUNT(places); i++) {
		assert_int_equal(truncate("log", 0), 0);
		jump.accept_new_file = places[i];
		assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_NONE);
		assert_true(logged("host key accepted but not remembered"));
	}
}

/* Both have read the files before either has met the jump box. */
static void
of_two_at_once_the_first_key_rules(void **state)
{
	struct config_jump jump = make_jump(TRUST_ACCEPT_NEW);
	struct ssh_blob blobs[] = { make_key(ED25519, 1),
		make_key(ED25519, 2) };
	struct ssh_hostkey_trust *readers[COUNT(blobs)];
	struct fault faults[COUNT(blobs)] = { { 0 } };

	(void)state;
	for (size_t i = 0; i < COUNT(blobs); i++)
		readers[i] = ssh_hostkey_trust_read(&jump, &faults[i]);
	assert_int_equal(ssh_hostkey_trust_judge(readers[0], blobs[0].bytes,
			     blobs[0].len, &faults[0]),
	    FAIL_NONE);
	assert_int_equal(ssh_hostkey_trust_judge(readers[1], blobs[1].bytes,
			     blobs[1].len, &faults[1]),
	    FAIL_HOSTKEY_CHANGED);
	assert_said(faults[1].words,
	    "it shows ssh-ed25519 %F but "
	    "state/known_hosts:1 has another ssh-ed25519 "
	    "key",
	    ED25519, 2);
	for (size_t i = 0; i < COUNT(blobs); i++) {
		ssh_hostkey_trust_free(readers[i]);
		free(blobs[i].bytes);
	}
}

static void
any_key_is_taken_with_a_warning_each_time(void **state)
{
	struct config_jump jump = make_jump(TRUST_ANY);
	struct fault fault;

	(void)state;
	add_line("one", "jump.example.com", ED25519, 9);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(truncate("log", 0), 0);
		assert_int_equal(show(&jump, ED25519, 1, &fault), FAIL_NONE);
		assert_said(fault.detail,
		    "host key ssh-ed25519 %F was not "
		    "verified",
		    ED25519, 1);
		assert_true(logged("host key is not verified"));
	}
}

/* If libssh2 let such a key through, it is refused, not trusted. */
static void
a_key_without_form_is_unknown(void **state)
{
	static const unsigned char noise[] = { 0xff, 0xff, 0xff, 0xff, 1 };
	struct config_jump jump = make_jump(TRUST_KNOWN_HOSTS);
	struct fault fault = { 0 };
	struct ssh_hostkey_trust *hostkey = ssh_hostkey_trust_read(&jump,
	    &fault);

	(void)state;
	assert_int_equal(ssh_hostkey_trust_judge(hostkey, noise, sizeof noise,
			     &fault),
	    FAIL_HOSTKEY_UNKNOWN);
	ssh_hostkey_trust_free(hostkey);
}

/* --- What is asked for ------------------------------------------------- */

#define EC_ALL "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521"
#define RSA_2  "rsa-sha2-512,rsa-sha2-256"

static void
assert_asked(const struct config_jump *jump, const char *algorithms)
{
	struct fault fault = { 0 };
	struct ssh_hostkey_trust *hostkey = ssh_hostkey_trust_read(jump,
	    &fault);

	assert_non_null(hostkey);
	assert_string_equal(ssh_hostkey_trust_algorithms(hostkey), algorithms);
	ssh_hostkey_trust_free(hostkey);
}

static void
known_types_are_asked_for_first(void **state)
{
	struct config_jump jump = make_jump(TRUST_KNOWN_HOSTS);

	(void)state;
	assert_asked(&jump, "ssh-ed25519," EC_ALL "," RSA_2);
	add_line("one", "@revoked jump.example.com", P256, 1);
	add_line("one", "other", P256, 1);
	add_line("one", "jump.example.com", RSA, 1);
	assert_asked(&jump, RSA_2 ",ssh-ed25519," EC_ALL);
	add_line("two", "jump.example.com", "ecdsa-sha2-nistp384", 1);
	assert_asked(&jump,
	    "ecdsa-sha2-nistp384," RSA_2 ",ssh-ed25519,ecdsa-sha2-nistp256,"
	    "ecdsa-sha2-nistp521");
}

/* With the suffix of a certificate. */
#define OF(name) name "-cert-v01@openssh.com,"

#define CERTIFIED                 \
	OF("ssh-ed25519")         \
	OF("ecdsa-sha2-nistp256") \
	OF("ecdsa-sha2-nistp384") \
	OF("ecdsa-sha2-nistp521") OF("rsa-sha2-512") OF("rsa-sha2-256")

static void
certificates_are_asked_for_where_an_authority_is_known(void **state)
{
	struct config_jump jump = make_jump(TRUST_KNOWN_HOSTS);
	struct config_jump pinned = make_jump(TRUST_PINS);

	(void)state;
	add_line("one", "@cert-authority *.example.com", P256, 1);
	assert_asked(&pinned, "ssh-ed25519," EC_ALL "," RSA_2);
	if (!ssh_algorithms_has_certificates) {
		assert_asked(&jump, "ssh-ed25519," EC_ALL "," RSA_2);
		return;
	}
	assert_asked(&jump, CERTIFIED "ssh-ed25519," EC_ALL "," RSA_2);
	add_line("one", "jump.example.com", RSA, 1);
	assert_asked(&jump, CERTIFIED RSA_2 ",ssh-ed25519," EC_ALL);
}

static void
bare_names_order_only_where_they_are_alone(void **state)
{
	struct config_jump jump = make_jump(TRUST_KNOWN_HOSTS);

	(void)state;
	jump.port = 2222;
	add_line("one", "jump.example.com", P256, 1);
	assert_asked(&jump,
	    "ecdsa-sha2-nistp256,ssh-ed25519,"
	    "ecdsa-sha2-nistp384,ecdsa-sha2-nistp521," RSA_2);
	add_line("one", "[jump.example.com]:2222", RSA, 1);
	assert_asked(&jump, RSA_2 ",ssh-ed25519," EC_ALL);
}

static void
a_session_takes_what_is_asked_for(void **state)
{
	struct config_jump jump = make_jump(TRUST_KNOWN_HOSTS);
	LIBSSH2_SESSION *session = libssh2_session_init();
	struct ssh_hostkey_trust *hostkey;
	struct fault fault = { 0 };

	(void)state;
	assert_int_equal(ssh_hostkey_trust_prepare(&jump, session, &hostkey,
			     &fault),
	    FAIL_NONE);
	ssh_hostkey_trust_free(hostkey);
	files[0] = ".";
	assert_int_equal(ssh_hostkey_trust_prepare(&jump, session, &hostkey,
			     &fault),
	    FAIL_HOSTKEY_UNREADABLE);
	files[0] = "one";
	ssh_hostkey_trust_free(hostkey);
	libssh2_session_free(session);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
	const struct CMUnitTest tests[] = {
		TEST(a_key_in_a_file_is_trusted),
		TEST(any_line_of_several_may_vouch),
		TEST(an_unknown_key_is_named_with_the_files),
		TEST(bad_lines_are_told_with_an_unknown_key),
		TEST(without_files_nothing_is_known),
		TEST(another_key_is_a_change),
		TEST(another_type_is_a_change),
		TEST(a_revoked_key_is_refused_by_every_policy),
		TEST(a_revoked_key_says_nothing_of_others),
		TEST(an_authority_alone_is_not_enough),
		TEST(a_bare_name_vouches_and_never_contradicts),
		TEST(an_alias_is_looked_up_without_a_port),
		TEST(an_unreadable_file_is_a_failure_where_it_counts),
		TEST(a_pin_decides_alone),
		TEST(a_new_key_is_accepted_and_remembered),
		TEST(a_new_key_is_remembered_by_its_alias),
		TEST(accept_new_asks_the_files_first),
		TEST(a_key_that_cannot_be_remembered_is_warned_about),
		TEST(of_two_at_once_the_first_key_rules),
		TEST(any_key_is_taken_with_a_warning_each_time),
		TEST(a_key_without_form_is_unknown),
		TEST(known_types_are_asked_for_first),
		TEST(certificates_are_asked_for_where_an_authority_is_known),
		TEST(bare_names_order_only_where_they_are_alone),
		TEST(a_session_takes_what_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
