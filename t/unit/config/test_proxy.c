/* SPDX-License-Identifier: PostgreSQL */

/*
 * Proxies of jump boxes: their default ports, what each type can be told, and
 * that jump boxes behind different proxies are different ones.
 */
#include "config/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/xmalloc.h"
#include "documents.h"

#define BOX(name, port, keys)                  \
	TUNNEL(name, port)                     \
	"    password: x\n    host_key: any\n" \
	"    " keys "\n"

static struct config *
with(const char *keys)
{
	char *document = xasprintf(TUNNEL("a", "1000") "    password: x\n"
						       "    host_key: " PIN "\n"
						       "%s",
	    keys);
	struct config *cfg = good(document);

	free(document);
	return cfg;
}

static void
each_type_has_its_port(void **state)
{
	static const struct {
		const char *keys, *label;
		enum proxy_type type;
	} cases[] = {
		{ "", NULL, PROXY_NONE },
		{ "    proxy_host: p\n", "p:3128", PROXY_HTTP },
		{ "    proxy_host: p\n    proxy_type: http\n", "p:3128",
		    PROXY_HTTP },
		{ "    proxy_host: p\n    proxy_type: https\n", "p:443",
		    PROXY_HTTPS },
		{ "    proxy_host: '::1'\n    proxy_type: socks5\n",
		    "[::1]:1080", PROXY_SOCKS5 },
		{ "    proxy_host: p\n    proxy_type: socks4a\n"
		  "    proxy_username: u\n",
		    "p:1080", PROXY_SOCKS4A },
		{ "    proxy_host: p\n    proxy_port: 8080\n", "p:8080",
		    PROXY_HTTP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct config *cfg = with(cases[i].keys);
		const struct config_proxy *proxy = &cfg->jumps->proxy;

		assert_int_equal(proxy->type, cases[i].type);
		if (cases[i].label == NULL)
			assert_null(proxy->label);
		else
			assert_string_equal(proxy->label, cases[i].label);
		config_unref(cfg);
	}
}

static void
wrong_keys_are_errors(void **state)
{
	static const struct {
		const char *keys, *expected;
	} cases[] = {
		{ "    proxy_port: 1\n    proxy_type: http\n",
		    "9:17: ssh_tunnel.proxy_host is required beside "
		    "proxy_port\n" },
		{ "    proxy_host: http://p\n",
		    "9:17: ssh_tunnel.proxy_host must be a host name or an "
		    "address without a port, not \"http://p\"; a URL is "
		    "several keys: proxy_type, proxy_host, proxy_port, "
		    "proxy_username, proxy_password\n" },
		{ "    proxy_host: p\n    proxy_port: 0\n",
		    "10:17: ssh_tunnel.proxy_port must be a number from 1 to "
		    "65535, not \"0\"\n" },
		{ "    proxy_host: p\n    proxy_type: socks\n"
		  "    proxy_ca_cert: x\n",
		    "10:17: ssh_tunnel.proxy_type must be one of http, https, "
		    "socks5, socks4a, not \"socks\"; did you mean socks5?\n"
		    "11:20: ssh_tunnel.proxy_ca_cert must be a certificate in "
		    "PEM format\n" },
		{ "    proxy_host: p\n    proxy_username: u\n",
		    "10:21: ssh_tunnel.proxy_password is required: a proxy "
		    "takes a user and a password or neither\n" },
		{ "    proxy_host: p\n    proxy_password: hunter2\n",
		    "10:21: ssh_tunnel.proxy_username is required: a proxy "
		    "takes a user and a password or neither\n" },
		{ "    proxy_host: p\n    proxy_type: socks4a\n"
		  "    proxy_username: u\n    proxy_password: hunter2\n",
		    "12:21: ssh_tunnel.proxy_password cannot be given to a "
		    "proxy of type socks4a\n" },
		{ "    proxy_host: p\n    proxy_username: 'a:b'\n"
		  "    proxy_password: hunter2\n",
		    "10:21: ssh_tunnel.proxy_username: has a colon, which HTTP "
		    "takes for its end\n" },
		{ "    proxy_host: p\n    proxy_username: \"a\\nb\"\n"
		  "    proxy_password: hunter2\n",
		    "10:21: ssh_tunnel.proxy_username must be a text of one "
		    "line without control characters, not \"a b\"\n" },
		{ "    proxy_host: p\n    proxy_username: u\n"
		  "    proxy_password: \"hunter2\\r\\nX-Evil: 1\"\n",
		    "11:21: ssh_tunnel.proxy_password: has a control "
		    "character, which no proxy takes\n" },
		{ "    proxy_host: p\n    proxy_ca_cert: |\n"
		  "      -----BEGIN CERTIFICATE-----\n",
		    "10:20: ssh_tunnel.proxy_ca_cert: is for a proxy of type "
		    "https\n" },
		{ "    proxy_host: p\n    proxy_type: https\n"
		  "    proxy_ca_cert: |\n"
		  "      -----BEGIN CERTIFICATE-----\n",
		    "11:20: ssh_tunnel.proxy_ca_cert: it holds no certificate "
		    "in PEM form\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *document = xasprintf(TUNNEL("a",
					       "1000") "    password: x\n%s",
		    cases[i].keys);

		assert_string_equal(errors(document), cases[i].expected);
		assert_null(strstr(said, "hunter2"));
		free(document);
	}
}

static void
what_socks_cannot_take_is_refused(void **state)
{
	char name[300], *document;

	(void)state;
	memset(name, 'x', sizeof name);
	name[256] = '\0';
	assert_non_null(config_proxy_judge_password(PROXY_SOCKS5, name));
	assert_null(config_proxy_judge_password(PROXY_HTTP, name));
	document = xasprintf(TUNNEL("a", "1000") "    password: x\n"
						 "    proxy_host: p\n"
						 "    proxy_type: socks5\n"
						 "    proxy_username: %s\n"
						 "    proxy_password: x\n",
	    name);
	assert_string_equal(errors(document),
	    "11:21: ssh_tunnel.proxy_username: is longer than the 255 bytes "
	    "that SOCKS takes\n");
	free(document);
	name[255] = '\0';
	assert_null(config_proxy_judge_password(PROXY_SOCKS5, name));
	assert_non_null(config_proxy_judge_password(PROXY_SOCKS5, ""));
	assert_non_null(config_proxy_judge_password(PROXY_HTTP, "a\tb"));
	assert_non_null(config_proxy_judge_password(PROXY_SOCKS5, "a\177"));
}

static void
another_proxy_is_another_way(void **state)
{
	struct config *cfg;

	(void)state;
	cfg = accepted(
	    BOX("a", "1000", "proxy_host: p") BOX("b", "1001", "proxy_host: p")
		BOX("c", "1002", "proxy_host: q") BOX("d", "1003", "port: 22"));
	assert_int_equal(cfg->jump_count, 3);
	assert_ptr_equal(cfg->connections[0].jump, cfg->connections[1].jump);
	config_unref(cfg);
}

static void
a_connection_overrides_keys_of_the_proxy(void **state)
{
	struct config *cfg = good("jump_boxes:\n  e: { host: j, username: u, "
				  "password: x, host_key: " PIN ", proxy_host: "
				  "p, proxy_type: socks5 }\n"
				  "connections:\n- { name: a, host: h, "
				  "ssh_tunnel: { use: e, proxy_port: 9 } }\n");

	(void)state;
	assert_string_equal(cfg->jumps->proxy.label, "p:9");
	assert_int_equal(cfg->jumps->proxy.type, PROXY_SOCKS5);
	config_unref(cfg);
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup(function, clear_environment)
	const struct CMUnitTest tests[] = {
		TEST(each_type_has_its_port),
		TEST(wrong_keys_are_errors),
		TEST(what_socks_cannot_take_is_refused),
		TEST(another_proxy_is_another_way),
		TEST(a_connection_overrides_keys_of_the_proxy),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
