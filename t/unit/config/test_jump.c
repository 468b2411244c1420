/* SPDX-License-Identifier: PostgreSQL */

/*
 * Jump boxes: which credentials they need, what makes their host keys trusted,
 * and which of them are shared.
 */
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "documents.h"

static void
a_disabled_tunnel_is_none(void **state)
{
	struct config *cfg = good("{name: a, host: /run/pg, ssh_tunnel: "
				  "{enabled: false, host: '', private_key: x, "
				  "password_file: /nonexistent}}");

	(void)state;
	assert_null(cfg->connections->jump);
	assert_int_equal(cfg->jump_count, 0);
	assert_string_equal(cfg->connections->label, "/run/pg/.s.PGSQL.5432");
	config_unref(cfg);
	assert_string_equal(errors("{name: a, host: h, ssh_tunnel: {}}"),
	    "1:32: ssh_tunnel.enabled is required: false makes the connection "
	    "direct\n"
	    "1:32: ssh_tunnel.host is required: the host of the jump box\n"
	    "1:32: ssh_tunnel.password or password_file is required with "
	    "auth_method password\n"
	    "1:32: ssh_tunnel.username is required: the user on the jump "
	    "box\n");
}

static void
credentials_fit_the_method(void **state)
{
	struct config *cfg;

	(void)state;
	assert_string_equal(errors(
				TUNNEL("a", "1000") "    auth_method: key\n"),
	    "8:18: ssh_tunnel.private_key or private_key_file is required with "
	    "auth_method key\n");
	assert_string_equal(errors(TUNNEL("a", "1000") "    private_key: x\n"
						       "    password:\n"),
	    "8:18: ssh_tunnel.auth_method is password if it is not given; for "
	    "this key set auth_method: key\n"
	    "8:18: ssh_tunnel.private_key: it is not a private key; give the "
	    "text that begins with \"-----BEGIN\", or its path in "
	    "private_key_file\n");
	cfg = good(TUNNEL("a", "1000") "    auth_method: key\n"
				       "    password: x\n"
				       "    private_key: \"" KEY "\"\n");
	assert_true(secret_is_set(&cfg->jumps->password));
	config_unref(cfg);
	config_unref(good(TUNNEL("a", "1000") "    auth_method: agent\n"));
}

static void
methods_are_judged_one_by_one(void **state)
{
	(void)state;
	config_unref(good(TUNNEL("a", "1000") "    auth_method: none\n"));
	config_unref(good(TUNNEL("a", "1000") "    auth_method: [none, "
					      "agent]\n"));
	assert_string_equal(errors(TUNNEL("a", "1000") "    auth_method: "
						       "[agent, key, "
						       "password]\n"),
	    "8:26: ssh_tunnel.private_key or private_key_file is required with "
	    "auth_method key\n"
	    "8:31: ssh_tunnel.password or password_file is required with "
	    "auth_method password\n");
	assert_string_equal(errors(TUNNEL("a", "1000") "    auth_method: "
						       "[agent, kye]\n"),
	    "8:26: ssh_tunnel.auth_method must be password, key, agent, none or "
	    "a list of these, not \"kye\"; did you mean key?\n");
	assert_string_equal(errors(TUNNEL("a", "1000") "    auth_method: "
						       "[agent, agent]\n"),
	    "8:26: ssh_tunnel.auth_method: \"agent\" is in the list twice\n");
	assert_string_equal(errors(TUNNEL("a", "1000") "    auth_method: []\n"),
	    "8:18: ssh_tunnel.auth_method is an empty list\n");
	assert_string_equal(errors(TUNNEL("a", "1000") "    auth_method: "
						       "[[agent]]\n"),
	    "8:19: ssh_tunnel.auth_method must be password, key, agent, none or "
	    "a list of these, not a list\n");
}

static void
keys_of_a_list_are_judged_one_by_one(void **state)
{
	struct config *cfg = good(
	    TUNNEL("a", "1000") "    auth_method: [agent, "
				"key]\n"
				"    private_key: "
				"[\"" KEY "\", "
				"\"" PUBLIC_KEY "\"]\n");

	(void)state;
	assert_int_equal(cfg->jumps->private_keys.count, 2);
	config_unref(cfg);
	assert_string_equal(errors(TUNNEL("a", "1000") "    auth_method: key\n"
						       "    private_key: "
						       "[junk, "
						       "" PUBLIC_KEY "]\n"),
	    "9:19: ssh_tunnel.private_key: it is not a private key; give the "
	    "text that begins with \"-----BEGIN\", or its path in "
	    "private_key_file\n"
	    "9:25: ssh_tunnel.private_key: it is a public key; give the "
	    "private key, the file without .pub\n");
	assert_string_equal(errors(
				TUNNEL("a", "1000") "    auth_method: [agent, "
						    "key]\n"
						    "    private_key: "
						    "" PUBLIC_KEY "\n"),
	    "9:18: ssh_tunnel.private_key: auth_method key needs a private key, "
	    "and a public one only selects a key of the agent\n");
	assert_string_equal(errors(TUNNEL("a", "1000") "    auth_method: key\n"
						       "    private_key_file: "
						       "[/nowhere/a, "
						       "/nowhere/b]\n"),
	    "9:24: ssh_tunnel.private_key_file: cannot read /nowhere/a: No such "
	    "file or directory\n"
	    "9:36: ssh_tunnel.private_key_file: cannot read /nowhere/b: No such "
	    "file or directory\n");
	assert_string_equal(errors(
				TUNNEL("a", "1000") "    auth_method: agent\n"
						    "    private_key: [a, b, "
						    "c, d, e, f]\n"),
	    "9:34: ssh_tunnel.private_key: a login offers at most 5 keys, and "
	    "this is one more\n");
}

static void
a_wrong_method_is_one_error(void **state)
{
	static const char expected[] =
	    "8:18: ssh_tunnel.auth_method must be password, key, agent, none or "
	    "a list of these, not \"agnet\"; did you mean agent?\n";

	(void)state;
	assert_string_equal(errors(TUNNEL("a", "1000") "    auth_method: "
						       "agnet\n"),
	    expected);
	assert_string_equal(errors(TUNNEL("a", "1000") "    auth_method: "
						       "agnet\n"
						       "    private_key: "
						       "" PUBLIC_KEY "\n"),
	    expected);
	assert_string_equal(errors("jump_boxes: { edge: { host: j, username: "
				   "u, auth_method: agnet } }\n"
				   "connections: [{ name: a, host: h, "
				   "ssh_tunnel: { use: edge, private_key: "
				   "" PUBLIC_KEY " } }]\n"),
	    "1:58: jump_boxes.edge.auth_method must be password, key, agent, "
	    "none or a list of these, not \"agnet\"; did you mean agent?\n");
}

static void
keys_are_judged_where_they_stand(void **state)
{
	(void)state;
	assert_string_equal(errors(TUNNEL("a", "1000") "    auth_method: key\n"
						       "    private_key: "
						       "" PUBLIC_KEY "\n"),
	    "9:18: ssh_tunnel.private_key: it is a public key; give the "
	    "private key, the file without .pub\n");
	assert_string_equal(errors(TUNNEL("a", "1000") "    auth_method: key\n"
						       "    private_key_file: "
						       "/nonexistent/key\n"),
	    "9:23: ssh_tunnel.private_key_file: cannot read /nonexistent/key: "
	    "No such file or directory\n");
	assert_string_equal(errors(TUNNEL("a",
				"1000") "    auth_method: agent\n"
					"    private_key: \"" KEY "\"\n"),
	    "9:18: ssh_tunnel.private_key: with auth_method agent it must be a "
	    "public key, such as \"ssh-ed25519 AAAA...\"\n");
	config_unref(
	    good(TUNNEL("a", "1000") "    auth_method: agent\n"
				     "    private_key: " PUBLIC_KEY "\n"));
}

static void
one_wrong_key_is_one_error(void **state)
{
	(void)state;
	assert_string_equal(errors("- name: a\n  host: h\n  listen: 1000\n"
				   "  ssh_tunnel: &t\n    enabled: true\n"
				   "    host: j\n    username: u\n"
				   "    auth_method: key\n"
				   "    private_key: x\n"
				   "- name: b\n  host: h\n  listen: 1001\n"
				   "  ssh_tunnel: *t\n"),
	    "9:18: ssh_tunnel.private_key: it is not a private key; give the "
	    "text that begins with \"-----BEGIN\", or its path in "
	    "private_key_file\n");
}

static void
equal_jump_boxes_are_one(void **state)
{
	static const char *const others[] = { "    password: y\n",
		"    password: x\n    port: 23\n",
		"    password: x\n    host_key: accept-new\n",
		"    password: x\n    host_key: " PIN "\n",
		"    password: x\n    known_hosts: /k\n",
		"    password: x\n    host_key_alias: bastion\n",
		"    password: x\n    agent_socket: /run/agent\n",
		"    password: x\n    auth_method: agent\n",
		"    password: x\n    private_key: \"" KEY "\"\n" };

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		char document[2000];
		struct config *cfg;

		snprintf(document, sizeof document, "%s%s%s%s%s%s",
		    TUNNEL("a", "1000"), "    password: x\n",
		    TUNNEL("b", "1001"), others[i], TUNNEL("c", "1002"),
		    "    password: x\n    port: 22\n");
		cfg = good(document);
		assert_int_equal(cfg->jump_count, 2);
		assert_ptr_equal(cfg->connections[0].jump,
		    cfg->connections[2].jump);
		assert_ptr_not_equal(cfg->connections[0].jump,
		    cfg->connections[1].jump);
		assert_int_equal(cfg->connections[1].jump->index, 1);
		config_unref(cfg);
	}
}

/* What the one jump box trusts, after `keys` in ssh_tunnel. */
static struct config *
trusting(const char *keys)
{
	char document[1000];

	snprintf(document, sizeof document, "%s    password: x\n%s",
	    TUNNEL("a", "1000"), keys);
	return good(document);
}

static void
known_hosts_are_those_of_ssh(void **state)
{
	struct config *cfg = trusting("");
	char expected[DOCUMENTS_DIR_SIZE + 10];

	(void)state;
	assert_int_equal(cfg->jumps->trust, TRUST_KNOWN_HOSTS);
	assert_int_equal(cfg->jumps->known_hosts_count, 2);
	assert_string_equal(cfg->jumps->known_hosts[0],
	    "/home/me/.ssh/known_hosts");
	assert_string_equal(cfg->jumps->known_hosts[1],
	    "/etc/ssh/ssh_known_hosts");
	config_unref(cfg);

	setenv("PGJUMP_KNOWN_HOSTS", "~/trusted", 1);
	cfg = trusting("");
	assert_int_equal(cfg->jumps->known_hosts_count, 1);
	assert_string_equal(cfg->jumps->known_hosts[0], "/home/me/trusted");
	config_unref(cfg);

	cfg = trusting("    known_hosts: [/a, b, ~/c]\n");
	sprintf(expected, "%s/b", documents_dir);
	assert_int_equal(cfg->jumps->known_hosts_count, 3);
	assert_string_equal(cfg->jumps->known_hosts[0], "/a");
	assert_string_equal(cfg->jumps->known_hosts[1], expected);
	assert_string_equal(cfg->jumps->known_hosts[2], "/home/me/c");
	config_unref(cfg);
	assert_string_equal(errors(TUNNEL("a", "1000") "    password: x\n"
						       "    known_hosts: "
						       "~other/k\n"),
	    "9:18: ssh_tunnel.known_hosts: only ~/ stands for a home "
	    "directory\n");
}

static void
pins_are_trusted_instead(void **state)
{
	struct config *cfg = trusting("    host_key: " PIN "=\n");

	(void)state;
	assert_int_equal(cfg->jumps->trust, TRUST_PINS);
	assert_int_equal(cfg->jumps->pin_count, 1);
	assert_string_equal(cfg->jumps->pins[0], PIN);
	assert_int_equal(cfg->jumps->known_hosts_count, 0);
	config_unref(cfg);
	cfg = trusting(
	    "    host_key:\n      - " PIN "\n      - " OTHER_PIN "\n");
	assert_int_equal(cfg->jumps->pin_count, 2);
	assert_string_equal(cfg->jumps->pins[1], OTHER_PIN);
	config_unref(cfg);
	cfg = unwise(TUNNEL("a", "1000") "    password: x\n"
					 "    host_key: any\n",
	    ":9:15: warning: ssh_tunnel.host_key: any trusts every key");
	assert_int_equal(cfg->jumps->trust, TRUST_ANY);
	config_unref(cfg);
}

static void
other_host_keys_are_refused(void **state)
{
	static const char *const bad[] = { "SHA256:", "SHA256:abc", "yes",
		PIN "A", "sha256:eRdAloqpuUX+dRilU+GN0gfMNFfmxOoEy0xftJ6qjvc",
		"MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48", "[any]x",
		"[" PIN ", any]",
		"SHA256:eRdAloqpuUX+dRilU+GN0gfMNFfmxOoEy0xftJ6qjv!" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char document[400];

		snprintf(document, sizeof document,
		    "%s    password: x\n    host_key: \"%s\"\n",
		    TUNNEL("a", "1000"), bad[i]);
		assert_memory_equal(errors(document),
		    "9:15: ssh_tunnel.host_key must be a pin SHA256:...", 49);
	}
	assert_memory_equal(errors(TUNNEL("a", "1000") "    password: x\n"
						       "    host_key: [" PIN
						       ", any]\n"),
	    "9:68: ssh_tunnel.host_key must be", 33);
}

static void
accept_new_needs_a_place(void **state)
{
	static const char keys[] = "    host_key: accept-new\n";
	struct config *cfg = trusting(keys);

	(void)state;
	assert_int_equal(cfg->jumps->trust, TRUST_ACCEPT_NEW);
	assert_string_equal(cfg->jumps->accept_new_file,
	    "/home/me/.local/state/pgjump/known_hosts");
	assert_int_equal(cfg->jumps->known_hosts_count, 2);
	config_unref(cfg);
	setenv("XDG_STATE_HOME", "/state", 1);
	cfg = trusting(keys);
	assert_string_equal(cfg->jumps->accept_new_file,
	    "/state/pgjump/known_hosts");
	config_unref(cfg);
	setenv("STATE_DIRECTORY", "/var/lib/pgjump:/var/lib/other", 1);
	cfg = trusting(keys);
	assert_string_equal(cfg->jumps->accept_new_file,
	    "/var/lib/pgjump/known_hosts");
	config_unref(cfg);
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup(function, clear_environment)
	const struct CMUnitTest tests[] = {
		TEST(a_disabled_tunnel_is_none),
		TEST(credentials_fit_the_method),
		TEST(methods_are_judged_one_by_one),
		TEST(keys_of_a_list_are_judged_one_by_one),
		TEST(a_wrong_method_is_one_error),
		TEST(keys_are_judged_where_they_stand),
		TEST(one_wrong_key_is_one_error),
		TEST(equal_jump_boxes_are_one),
		TEST(known_hosts_are_those_of_ssh),
		TEST(pins_are_trusted_instead),
		TEST(other_host_keys_are_refused),
		TEST(accept_new_needs_a_place),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
