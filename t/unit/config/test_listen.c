/* SPDX-License-Identifier: PostgreSQL */

/*
 * Every form of listen and allow_from, which addresses collide, and who may
 * connect.
 */
#include "config/config.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <cmocka.h>

#include "documents.h"

/* The labels of a connection's addresses, one after the other. */
static const char *
labels(const char *listen, const char *globals)
{
	static char text[1000];
	char document[500];
	struct config *cfg;

	snprintf(document, sizeof document,
	    "{%s connections: [{name: a, host: h, allow_from: [0.0.0.0/0], "
	    "listen: %s}]}",
	    globals, listen);
	cfg = parse(document);
	assert_non_null(cfg);
	text[0] = '\0';
	for (size_t i = 0; i < cfg->connections->listen_count; i++) {
		const struct config_listen *address = &cfg->connections
							   ->listens[i];

		assert_true((address->host == NULL) != (address->dir == NULL));
		sprintf(text + strlen(text), "%s%s ", address->label,
		    address->is_optional ? "?" : "");
	}
	config_unref(cfg);
	return text;
}

static void
every_form_of_listen_is_read(void **state)
{
	(void)state;
	assert_string_equal(labels("7000", ""), "127.0.0.1:7000 [::1]:7000? ");
	assert_string_equal(labels("null", ""), "127.0.0.1:6432 [::1]:6432? ");
	assert_string_equal(labels("localhost:7000", ""),
	    "127.0.0.1:7000 [::1]:7000? ");
	assert_string_equal(labels("LocalHost:7000", ""),
	    "127.0.0.1:7000 [::1]:7000? ");
	assert_string_equal(labels("localhost", ""),
	    "127.0.0.1:6432 [::1]:6432? ");
	assert_string_equal(labels("[localhost, db.example.com:7000]", ""),
	    "127.0.0.1:6432 [::1]:6432? db.example.com:7000 ");
	assert_string_equal(labels("0.0.0.0:7000", ""), "0.0.0.0:7000 ");
	assert_string_equal(labels("'[0:0::1]:7000'", ""), "[::1]:7000 ");
	assert_string_equal(labels("/run/pg/", ""), "/run/pg/.s.PGSQL.6432 ");
	assert_string_equal(labels("[7000, /tmp, '127.0.0.2:7000']", ""),
	    "127.0.0.1:7000 [::1]:7000? /tmp/.s.PGSQL.6432 127.0.0.2:7000 ");
	assert_string_equal(labels("'/run/pg:7000'", ""),
	    "/run/pg/.s.PGSQL.7000 ");
	assert_string_equal(labels("'/run/pg/:7000'", ""),
	    "/run/pg/.s.PGSQL.7000 ");
	assert_string_equal(labels("'/run/pg:7000/'", ""),
	    "/run/pg:7000/.s.PGSQL.6432 ");
	assert_string_equal(labels("'/run/pg:a'", ""),
	    "/run/pg:a/.s.PGSQL.6432 ");
	assert_string_equal(labels("'/:7000'", ""), "//.s.PGSQL.7000 ");
	assert_string_equal(labels("7000", "listen_host: 0.0.0.0,"),
	    "0.0.0.0:7000 ");
	assert_string_equal(labels("null", "listen_host: '::',"), "[::]:6432 ");
	assert_string_equal(labels("7000", "listen_host: localhost,"),
	    "127.0.0.1:7000 [::1]:7000? ");
	assert_string_equal(labels("localhost", "listen_host: 0.0.0.0,"),
	    "127.0.0.1:6432 [::1]:6432? ");
	assert_string_equal(labels("127.0.0.1:1", "listen_host: 0.0.0.0,"),
	    "127.0.0.1:1 ");
}

static void
other_forms_of_listen_are_refused(void **state)
{
	static const char *const bad[] = { "0", "65536", "h", "h:0", "h:65536",
		"':7000'", "'[::1]'", "'[]:1'", "'[h]:7000'",
		"'[127.0.0.1]:7000'", "h x:1", "'*:7000'", "h:7000x",
		"'/run:0'", "'/run:65536'", "{a: b}", "[[7000]]", "[null]" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char document[100];

		sprintf(document, "{name: a, host: h, listen: %s}", bad[i]);
		assert_memory_equal(errors(document), "1:2", 3);
		assert_non_null(strstr(said, "listen must be PORT, HOST:PORT"));
	}
	assert_string_equal(errors("{name: a, host: h, listen: []}"),
	    "1:28: listen is an empty list\n");
	assert_string_equal(errors("{name: a, host: h, listen: ['::1']}"),
	    "1:29: listen needs a port, and brackets in quotes: "
	    "\"[::1]:PORT\"\n");
}

static void
a_socket_path_has_a_longest(void **state)
{
	char document[300], path[120];
	struct config *cfg;

	(void)state;
	memset(path, 'x', sizeof path);
	path[0] = '/';
	path[107 - strlen("/.s.PGSQL.6432")] = '\0';
	sprintf(document, "{name: a, host: h, listen: %s}", path);
	cfg = good(document);
	assert_int_equal(strlen(cfg->connections->listens->label), 107);
	config_unref(cfg);
	sprintf(document, "{name: a, host: h, listen: %sx}", path);
	assert_string_equal(errors(document),
	    "1:28: listen is too long for a Unix socket\n");
}

static void
default_ports_follow_the_position(void **state)
{
	struct config *cfg = parse("- {name: a, host: h}\n"
				   "- {name: b, host: h, listen: 7000}\n"
				   "- {name: c, host: h, listen: /tmp}\n");

	(void)state;
	assert_non_null(cfg);
	assert_int_equal(cfg->connections[0].listens[0].port, 6432);
	assert_int_equal(cfg->connections[2].listens[0].port, 6434);
	assert_non_null(strstr(said, "/F:1:3: warning: 2 connections"));
	config_unref(cfg);
	config_unref(good("- {name: a, host: h}\n"
			  "- {name: b, host: h, listen: 7000}\n"));
	config_unref(good("- {name: a, host: h}\n"
			  "- {name: b, host: h, listen: '/tmp:7000'}\n"));
}

static void
addresses_collide(void **state)
{
	(void)state;
	assert_string_equal(errors("- {name: a, host: h, listen: 7000}\n"
				   "- {name: b, host: h, listen: 7000}\n"),
	    "2:30: connections \"a\" and \"b\" both listen on "
	    "127.0.0.1:7000\n");
	assert_string_equal(errors("- {name: a, host: h, listen: 7000}\n"
				   "- {name: b, host: h, listen: "
				   "'[0:0:0:0:0:0:0:1]:7000'}\n"),
	    "2:30: connections \"a\" and \"b\" both listen on [::1]:7000\n");
	assert_string_equal(errors("- {name: a, host: h}\n"
				   "- {name: b, host: h, listen: 6432}\n"),
	    "2:30: connections \"a\" and \"b\" both listen on "
	    "127.0.0.1:6432\n");
	assert_string_equal(errors("- {name: a, host: h, listen: 7000}\n"
				   "- {name: b, host: h, listen: "
				   "localhost:7000}\n"),
	    "2:30: connections \"a\" and \"b\" both listen on "
	    "127.0.0.1:7000\n");
	assert_string_equal(
	    errors("- {name: a, host: h, listen: [6432, localhost]}\n"),
	    "1:30: connection \"a\" listens twice on 127.0.0.1:6432\n");
	assert_string_equal(
	    errors("- {name: a, host: h, listen: [/tmp, /tmp/]}\n"),
	    "1:30: connection \"a\" listens twice on /tmp/.s.PGSQL.6432\n");
	config_unref(good("- {name: a, host: h, listen: "
			  "['/tmp:7000', '/tmp:7001']}\n"));
}

static void
names_are_unique(void **state)
{
	(void)state;
	assert_string_equal(errors("- {name: a, host: h, listen: 7000}\n"
				   "- {name: a, host: h, listen: 7001}\n"),
	    "2:3: the name \"a\" is taken by the connection in line 1\n");
}

static void
beyond_loopback_somebody_must_be_named(void **state)
{
	static const char *const open[] = { "0.0.0.0:1", "'[::]:1'",
		"10.0.0.1:1", "db.example.com:1", "[7000, 0.0.0.0:1]" };
	static const char *const loopback[] = { "7000", "127.3.2.1:1",
		"'[::1]:1'", "localhost:1", "localhost", "/tmp" };
	char document[200];

	(void)state;
	for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
		sprintf(document, "{name: a, host: h, listen: %s}", open[i]);
		assert_memory_equal(errors(document),
		    "1:28: allow_from is required: ", 30);
		sprintf(document,
		    "{name: a, host: h, listen: %s, allow_from: 10.0.0.0/8}",
		    open[i]);
		config_unref(unwise(document, ":1:28: warning: listen: "));
		sprintf(document,
		    "{name: a, host: h, listen: %s, allow_from: []}", open[i]);
		assert_non_null(
		    strstr(errors(document), "allow_from is an empty list"));
	}
	for (size_t i = 0; i < sizeof loopback / sizeof *loopback; i++) {
		sprintf(document, "{name: a, host: h, listen: %s}",
		    loopback[i]);
		config_unref(good(document));
	}
	assert_non_null(strstr(errors("listen_host: 0.0.0.0\nconnections:\n"
				      "- {name: a, host: h}\n"),
	    "3:3: allow_from is required: 0.0.0.0:6432 is not loopback"));
}

static void
networks_have_a_form(void **state)
{
	static const char *const bad[] = { "10.0.0.0/33", "10.0.0.0/-1", "x",
		"10.0.0.1/8", "::1/129", "fe80::1/10", "10.0.0/8", "10.0.0.0/",
		"host.example.com" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char document[100];

		sprintf(document, "{name: a, host: h, allow_from: ['%s']}",
		    bad[i]);
		assert_memory_equal(errors(document),
		    "1:33: allow_from must be an address or CIDR block", 49);
	}
}

static bool
allows(const struct config *cfg, const char *address)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
		return config_allows(cfg->connections, (void *)&v4);
	assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
	return config_allows(cfg->connections, (void *)&v6);
}

static void
allow_from_decides_who_comes_in(void **state)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct config *cfg = good("{name: a, host: h, allow_from: [10.8.0.0/13,"
				  " 192.0.2.7, '2001:db8::/33', '::1/128']}");

	(void)state;
	assert_true(allows(cfg, "10.8.0.0"));
	assert_true(allows(cfg, "10.15.255.255"));
	assert_false(allows(cfg, "10.16.0.0"));
	assert_false(allows(cfg, "10.7.255.255"));
	assert_true(allows(cfg, "::ffff:10.8.0.1"));
	assert_true(allows(cfg, "192.0.2.7"));
	assert_false(allows(cfg, "192.0.2.6"));
	assert_false(allows(cfg, "127.0.0.1"));
	assert_true(allows(cfg, "2001:db8:7fff::1"));
	assert_false(allows(cfg, "2001:db8:8000::1"));
	assert_true(allows(cfg, "::1"));
	assert_false(allows(cfg, "::2"));
	assert_true(config_allows(cfg->connections, (void *)&local));
	config_unref(cfg);
	cfg = good("{name: a, host: h, allow_from: 0.0.0.0/0}");
	assert_true(allows(cfg, "203.0.113.9"));
	assert_false(allows(cfg, "::1"));
	config_unref(cfg);
	cfg = good("{name: a, host: h}");
	assert_true(allows(cfg, "203.0.113.9"));
	config_unref(cfg);
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup(function, clear_environment)
	const struct CMUnitTest tests[] = {
		TEST(every_form_of_listen_is_read),
		TEST(other_forms_of_listen_are_refused),
		TEST(a_socket_path_has_a_longest),
		TEST(default_ports_follow_the_position),
		TEST(addresses_collide),
		TEST(names_are_unique),
		TEST(beyond_loopback_somebody_must_be_named),
		TEST(networks_have_a_form),
		TEST(allow_from_decides_who_comes_in),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
