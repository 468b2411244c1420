/* SPDX-License-Identifier: PostgreSQL */

/*
 * Jump boxes by name: who shares one, what overrides what, and where each
 * error is told.
 */
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "config/jump.h"
#include "config/print.h"
#include "documents.h"

#define EDGE "jump_boxes: { edge: { host: j, username: u, password: x } }\n"

/* A connection; `tunnel` is what its ssh_tunnel is. */
#define BY(name, port, tunnel)                                               \
	"- { name: " name ", host: h, listen: " port ", ssh_tunnel: " tunnel \
	" }\n"

/* The configuration as config --print writes it, read back. */
static struct config *
read_back(const struct config *cfg)
{
	static char text[65536];
	FILE *out = fmemopen(text, sizeof text, "w");

	config_print(cfg, out);
	fclose(out);
	return accepted(text);
}

static void
a_name_stands_for_the_jump_box(void **state)
{
	struct config *cfg = good(
	    EDGE "connections:\n" BY("a", "1000", "edge"));
	const struct config_jump *jump = cfg->connections->jump;

	(void)state;
	assert_ptr_equal(jump, cfg->jumps);
	assert_string_equal(jump->label, "j:22");
	assert_string_equal(jump->username, "u");
	assert_string_equal(jump->password.text, "x");
	assert_string_equal(cfg->connections->jump_box, "edge");
	assert_int_equal(cfg->connections->override_count, 0);
	config_unref(cfg);
}

static void
json_has_the_same(void **state)
{
	struct config *cfg = good(
	    "{\"connections\":[{\"name\":\"a\",\"host\":\"h\",\"ssh_tunnel\":"
	    "{\"use\":\"edge\",\"port\":23}}],\"jump_boxes\":{\"edge\":"
	    "{\"host\":\"j\",\"username\":\"u\",\"password\":\"x\"}}}");

	(void)state;
	assert_string_equal(cfg->jumps->label, "j:23");
	config_unref(cfg);
}

static void
all_who_use_one_share_it(void **state)
{
	struct config *cfg = good(EDGE "connections:\n" BY("a", "1000", "edge")
		BY("b", "1001", "edge") BY("c", "1002", "{ use: edge }")
		    BY("d", "1003", "{ use: edge, port: 22, username: u }")
			BY("e", "1004",
			    "{ enabled: true, host: j, username: u, "
			    "password: x }"));

	(void)state;
	assert_int_equal(cfg->jump_count, 1);
	for (size_t i = 0; i < cfg->connection_count; i++)
		assert_ptr_equal(cfg->connections[i].jump, cfg->jumps);
	config_unref(cfg);
}

static void
what_overrides_makes_another(void **state)
{
	static const char *const others[] = { "host: k", "port: 23",
		"username: v", "password: y", "auth_method: agent",
		"private_key: \"" KEY "\"", "known_hosts: /k",
		"host_key: accept-new", "host_key_alias: bastion",
		"agent_socket: /run/agent" };

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		char document[2000];
		struct config *cfg;

		snprintf(document, sizeof document,
		    "%sconnections:\n%s"
		    "- { name: b, host: h, listen: 1001, ssh_tunnel: "
		    "{ use: edge, %s } }\n",
		    EDGE, BY("a", "1000", "edge"), others[i]);
		cfg = good(document);
		assert_int_equal(cfg->jump_count, 2);
		assert_int_equal(cfg->connections[1].jump->index, 1);
		assert_int_equal(cfg->connections[1].override_count, 1);
		assert_int_equal(strcspn(others[i], ":"),
		    strlen(cfg->connections[1].overrides[0]));
		config_unref(cfg);
	}
}

static void
what_is_not_overridden_is_inherited(void **state)
{
	struct config *cfg = good(
	    "jump_boxes:\n  edge: { host: j, port: 23, username: u, "
	    "password: x, host_key: " PIN ", host_key_alias: b }\n"
	    "connections:\n" BY("a", "1000",
		"{ use: edge, username: v, port: ~ }"));

	(void)state;
	assert_string_equal(cfg->jumps->label, "j:23");
	assert_string_equal(cfg->jumps->username, "v");
	assert_string_equal(cfg->jumps->password.text, "x");
	assert_int_equal(cfg->jumps->trust, TRUST_PINS);
	assert_string_equal(cfg->jumps->host_key_alias, "b");
	config_unref(cfg);
}

/* What the connection trusts whose jump box has `box`, and ssh_tunnel `keys`.
 */
static struct config *
trusting(const char *box, const char *keys)
{
	char document[2000];

	snprintf(document, sizeof document,
	    "jump_boxes: { edge: { host: j, username: u, password: x, %s } }\n"
	    "connections: [{ name: a, host: h, ssh_tunnel: { use: edge, %s } "
	    "}]\n",
	    box, keys);
	return parse(document);
}

static void
known_hosts_end_an_inherited_host_key(void **state)
{
	static const char *const boxes[] = { "host_key: any",
		"host_key: accept-new", "host_key: " PIN };

	(void)state;
	for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++) {
		struct config *cfg = trusting(boxes[i], "known_hosts: /other");

		assert_int_equal(cfg->jumps->trust, TRUST_KNOWN_HOSTS);
		assert_int_equal(cfg->jumps->pin_count, 0);
		assert_null(cfg->jumps->accept_new_file);
		assert_int_equal(cfg->jumps->known_hosts_count, 1);
		assert_string_equal(cfg->jumps->known_hosts[0], "/other");
		assert_null(strstr(said, "only @revoked"));
		config_unref(cfg);
	}
}

static void
host_key_overrides_known_hosts(void **state)
{
	struct config *cfg = trusting("known_hosts: /k", "host_key: " PIN);

	(void)state;
	assert_int_equal(cfg->jumps->trust, TRUST_PINS);
	assert_string_equal(said, "");
	config_unref(cfg);
}

static void
both_in_one_place_are_unwise(void **state)
{
	struct config *cfg = trusting("port: 22",
	    "known_hosts: /k, host_key: " PIN);

	(void)state;
	assert_int_equal(cfg->jumps->trust, TRUST_PINS);
	assert_non_null(strstr(said,
	    "F:2:73: warning: ssh_tunnel.known_hosts: beside a pin or any in "
	    "host_key only @revoked lines have an effect"));
	config_unref(cfg);
	cfg = trusting("known_hosts: /k, host_key: " PIN, "port: 22");
	assert_non_null(strstr(said,
	    "F:1:71: warning: jump_boxes.edge.known_hosts: beside a pin"));
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	config_unref(cfg);
	cfg = trusting("port: 22", "known_hosts: /k, host_key: accept-new");
	assert_string_equal(said, "");
	config_unref(cfg);
}

static void
a_file_overrides_a_text(void **state)
{
	(void)state;
	assert_string_equal(errors(EDGE "connections:\n" BY("a", "1000",
				"{ use: edge, password_file: /none }")),
	    "3:77: ssh_tunnel.password_file: cannot read /none: No such file "
	    "or directory\n");
}

static void
a_tunnel_may_be_switched_off(void **state)
{
	struct config *cfg = good(EDGE
	    "connections:\n" BY("a", "1000", "{ use: edge, enabled: false }"));

	(void)state;
	assert_null(cfg->connections->jump);
	assert_string_equal(cfg->connections->jump_box, "edge");
	assert_int_equal(cfg->jump_count, 0);
	config_unref(cfg);
	config_unref(good("connections:\n" BY("a", "1000",
	    "{ use: nobody, enabled: false }")));
	config_unref(good("connections:\n" BY("a", "1000",
	    "{ use: a b, enabled: false, port: none, host: [] }")));
	assert_string_equal(
	    errors("connections:\n" BY("a", "1000",
		"{ enabled: false, prot: 1, port: 1, port: 1 }")),
	    "2:67: unknown key \"prot\" in ssh_tunnel; did you mean "
	    "\"port\"?\n"
	    "2:85: ssh_tunnel.port is given twice; the first is in line 2\n");
}

static void
a_tunnel_that_is_off_is_printed_so(void **state)
{
	struct config *cfg = good(
	    "jump_boxes: { edge: { host: j, username: u, "
	    "auth_method: agent } }\nconnections:\n" BY("a", "1000",
		"{ use: edge, enabled: false }"));
	struct config *again = read_back(cfg);

	(void)state;
	assert_null(again->connections->jump);
	assert_string_equal(again->connections->jump_box, "edge");
	config_unref(again);
	config_unref(cfg);
}

static void
what_is_printed_means_the_same(void **state)
{
	static const char *const boxes[] = { "", ", known_hosts: /k",
		", known_hosts: [~/.ssh/known_hosts, "
		"/etc/ssh/ssh_known_hosts]",
		", host_key: accept-new", ", host_key: " PIN,
		", host_key: " PIN ", known_hosts: /k" };
	static const char *const keys[] = { "", ", host_key: " OTHER_PIN,
		", host_key: accept-new", ", known_hosts: /l" };

	(void)state;
	for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++)
		for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
			char document[1000];
			struct config *cfg, *again;

			snprintf(document, sizeof document,
			    "jump_boxes: { edge: { host: j, username: u, "
			    "auth_method: agent%s } }\nconnections:\n"
			    "- { name: a, host: h, ssh_tunnel: "
			    "{ use: edge%s } }\n",
			    boxes[i], keys[k]);
			cfg = accepted(document);
			again = read_back(cfg);
			assert_true(config_jump_has_same_host_key(cfg->jumps,
			    again->jumps));
			config_unref(again);
			config_unref(cfg);
		}
}

static void
an_unused_jump_box_is_unwise(void **state)
{
	struct config *cfg = unwise(EDGE "connections:\n- { name: a, host: h }",
	    "F:1:15: warning: no connection uses the jump box \"edge\"");

	(void)state;
	assert_int_equal(cfg->jump_count, 0);
	assert_int_equal(cfg->jump_box_count, 1);
	assert_string_equal(cfg->jump_boxes->settings.host, "j");
	config_unref(cfg);
}

static void
an_unknown_name_is_told_with_the_nearest(void **state)
{
	(void)state;
	assert_string_equal(errors(EDGE "connections:\n" BY("a", "1000", "egde")
				    BY("b", "1001", "{ use: edg }")
					BY("c", "1002", "elsewhere")),
	    "3:49: ssh_tunnel: there is no jump box \"egde\"; did you mean "
	    "\"edge\"?\n"
	    "4:56: ssh_tunnel.use: there is no jump box \"edg\"; did you mean "
	    "\"edge\"?\n"
	    "5:49: ssh_tunnel: there is no jump box \"elsewhere\" in "
	    "jump_boxes\n");
	assert_string_equal(errors("connections:\n" BY("a", "1000", "edge")),
	    "2:49: ssh_tunnel must be a mapping, or the name of one in "
	    "jump_boxes, not \"edge\"\n");
	assert_string_equal(errors("connections:\n" BY("a", "1000",
				"{ use: edge, port: 0, user: x }")),
	    "2:56: ssh_tunnel.use: there is no jump box \"edge\" in "
	    "jump_boxes\n"
	    "2:68: ssh_tunnel.port must be a number from 1 to 65535, not "
	    "\"0\"\n"
	    "2:71: unknown key \"user\" in ssh_tunnel; here it is called "
	    "\"username\"\n");
}

static void
an_error_is_told_once_where_it_stands(void **state)
{
	(void)state;
	assert_string_equal(errors("jump_boxes:\n"
				   "  edge:\n"
				   "    port: 0\n"
				   "    auth_method: key\n"
				   "    username: u\n"
				   "    host_key: SHA256:short\n"
				   "connections:\n" BY("a", "1000", "edge")
				       BY("b", "1001", "{ use: edge }")),
	    "3:5: jump_boxes.edge.host is required: the host of the jump box\n"
	    "3:11: jump_boxes.edge.port must be a number from 1 to 65535, not "
	    "\"0\"\n"
	    "4:18: jump_boxes.edge.private_key or private_key_file is "
	    "required with auth_method key\n"
	    "6:15: jump_boxes.edge.host_key must be a pin SHA256:... or a "
	    "key, a list of these, accept-new or any, not \"SHA256:short\"\n");
}

/* Connections that use a jump box which was refused add nothing. */
static void
a_refused_jump_box_is_told_once(void **state)
{
	static const char *const cases[][2] = {
		{ "jump_boxes: { edge: bastion }\n",
		    "1:21: jump_boxes.edge must be a mapping, not a text\n" },
		{ "jump_boxes: { edge: bastion, other: { host: j, "
		  "username: u, password: x } }\n",
		    "1:21: jump_boxes.edge must be a mapping, not a text\n" },
		{ "jump_boxes: [edge]\n",
		    "1:13: jump_boxes must be a mapping of names to jump "
		    "boxes, not a list\n" },
		{ "jump_boxes: ${FROM}\n",
		    "1:13: the environment variable FROM is not set\n" },
		{ "jump_boxes: { edge: \"${FROM}\" }\n",
		    "1:21: the environment variable FROM is not set\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char document[2000];

		snprintf(document, sizeof document, "%sconnections:\n%s%s",
		    cases[i][0], BY("a", "1000", "edge"),
		    BY("b", "1001", "{ use: edge, username: v }"));
		assert_string_equal(errors(document), cases[i][1]);
	}
	assert_string_equal(
	    errors("jump_boxes: { a b: {} }\nconnections:\n" BY("a", "1000",
		"a b") BY("b", "1001", "{ use: a b }")),
	    "1:15: the name of a jump box must be 1 to 64 of the characters "
	    "a-z, A-Z, 0-9, _ and -\n");
	assert_string_equal(errors("jump_boxes: { edge: x }\nconnections:\n" BY(
				"a", "1000", "other")),
	    "1:21: jump_boxes.edge must be a mapping, not a text\n"
	    "3:49: ssh_tunnel: there is no jump box \"other\" in "
	    "jump_boxes\n");
}

static void
too_many_jump_boxes_are_told_once(void **state)
{
	char *document, *end;
	size_t size = 40000;

	(void)state;
	document = end = malloc(size);
	assert_non_null(document);
	end += snprintf(end, size, "jump_boxes:\n");
	for (unsigned i = 0; i <= 1000; i++)
		end += snprintf(end, size - (size_t)(end - document),
		    "  box%u: { host: j }\n", i);
	snprintf(end, size - (size_t)(end - document), "connections:\n%s%s",
	    BY("a", "1000", "box1"), BY("b", "1001", "{ use: box2 }"));
	assert_string_equal(errors(document),
	    "2:3: jump_boxes has more than 1000 jump boxes\n");
	free(document);
}

/* The connection that uses it may be the wrong one. */
static void
what_is_unused_is_not_told_beside_errors(void **state)
{
	(void)state;
	assert_string_equal(errors(EDGE "connections: none\n"),
	    "2:14: connections must be a list, not a text\n");
}

static void
what_overrides_is_told_at_its_own_place(void **state)
{
	(void)state;
	assert_string_equal(errors(EDGE "connections:\n" BY("a", "1000",
				"{ use: edge, port: 0 }") BY("b", "1001",
				"{ use: edge, auth_method: key }") BY("c",
				"1002", "{ use: edge, private_key: x }")),
	    "3:68: ssh_tunnel.port must be a number from 1 to 65535, not "
	    "\"0\"\n"
	    "4:75: ssh_tunnel.private_key or private_key_file is required "
	    "with auth_method key\n"
	    "5:75: ssh_tunnel.private_key: it is not a private key; give the "
	    "text that begins with \"-----BEGIN\", or its path in "
	    "private_key_file\n");
}

static void
what_is_no_jump_box_is_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "jump_boxes: [a]\n",
		    "1:13: jump_boxes must be a mapping of names to jump "
		    "boxes, not a list\n" },
		{ "jump_boxes: { edge: bastion }\n",
		    "1:21: jump_boxes.edge must be a mapping, not a text\n" },
		{ "jump_boxes: { edge: }\n",
		    "1:21: jump_boxes.edge must be a mapping, not null\n" },
		{ "jump_boxes: { edge: null }\n",
		    "1:21: jump_boxes.edge must be a mapping, not null\n" },
		{ "jump_boxes: { a b: {} }\n",
		    "1:15: the name of a jump box must be 1 to 64 of the "
		    "characters a-z, A-Z, 0-9, _ and -\n" },
		{ "jump_boxes: { edge: { use: other, host: j, username: u, "
		  "password: x, enabled: yes } }\n",
		    "1:28: jump_boxes.edge.use belongs in ssh_tunnel of a "
		    "connection\n"
		    "1:79: jump_boxes.edge.enabled belongs in ssh_tunnel of a "
		    "connection\n" },
		{ "jump_boxes:\n  a: &a { host: j, username: u, password: x }\n"
		  "  b: *a\n  a: *a\n",
		    "4:3: the name \"a\" is taken by the jump box in line "
		    "2\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char document[2000];

		snprintf(document, sizeof document,
		    "%sconnections: [{ name: a, host: h }]\n", cases[i][0]);
		assert_string_equal(errors(document), cases[i][1]);
	}
	config_unref(good("jump_boxes: {}\nconnections: [{name: a, host: h}]"));
	config_unref(good("jump_boxes:\nconnections: [{name: a, host: h}]"));
	assert_string_equal(errors("{name: a, host: h, jump_boxes: {}}"),
	    "1:20: unknown key \"jump_boxes\" in a connection; it belongs in "
	    "the top level (beside connections)\n");
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup(function, clear_environment)
	const struct CMUnitTest tests[] = {
		TEST(a_name_stands_for_the_jump_box),
		TEST(json_has_the_same),
		TEST(all_who_use_one_share_it),
		TEST(what_overrides_makes_another),
		TEST(what_is_not_overridden_is_inherited),
		TEST(known_hosts_end_an_inherited_host_key),
		TEST(host_key_overrides_known_hosts),
		TEST(both_in_one_place_are_unwise),
		TEST(a_file_overrides_a_text),
		TEST(a_tunnel_may_be_switched_off),
		TEST(a_tunnel_that_is_off_is_printed_so),
		TEST(what_is_printed_means_the_same),
		TEST(an_unused_jump_box_is_unwise),
		TEST(an_unknown_name_is_told_with_the_nearest),
		TEST(an_error_is_told_once_where_it_stands),
		TEST(a_refused_jump_box_is_told_once),
		TEST(too_many_jump_boxes_are_told_once),
		TEST(what_is_unused_is_not_told_beside_errors),
		TEST(what_overrides_is_told_at_its_own_place),
		TEST(what_is_no_jump_box_is_refused),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
