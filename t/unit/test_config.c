/* SPDX-License-Identifier: PostgreSQL */

/*
 * Documents as snapshots: what is read, what is refused and in which words,
 * what holds between connections, and who may connect.
 */
#include "config.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "config_load.h"
#include "xmalloc.h"

/* Test vector, as JSON and YAML write it: opens nothing. */
#define KEY                                                                    \
	"-----BEGIN OPENSSH PRIVATE KEY-----\\n"                               \
	"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gt" \
	"ZWQyNTUxOQAAACCFjdwIbWHPTFMe2Ts1+DipT8Jk+hgT2WRvDJcpVE83ZQAAAJDRKRsA" \
	"0SkbAAAAAAtzc2gtZWQyNTUxOQAAACCFjdwIbWHPTFMe2Ts1+DipT8Jk+hgT2WRvDJcp" \
	"VE83ZQAAAEBNqw/yuKcpi32dVjQwTUwzjjiONLAzE/taZOrhMpWUpIWN3AhtYc9MUx7Z" \
	"OzX4OKlPwmT6GBPZZG8MlylUTzdlAAAAC3Rlc3QgdmVjdG9yAQI=\\n"              \
	"-----END OPENSSH PRIVATE KEY-----\\n"
#define PUBLIC_KEY                                                             \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIWN3AhtYc9MUx7ZOzX4OKlPwmT6GBPZ" \
	"ZG8MlylUTzdl"
#define PIN       "SHA256:eRdAloqpuUX+dRilU+GN0gfMNFfmxOoEy0xftJ6qjvc"
#define OTHER_PIN "SHA256:AAAAloqpuUX+dRilU+GN0gfMNFfmxOoEy0xftJ6qjvc"

/* A connection with a jump box; what follows continues ssh_tunnel. */
#define TUNNEL(name, port)                                                 \
	"- name: " name "\n  host: h\n  listen: " port "\n  ssh_tunnel:\n" \
	"    enabled: true\n    host: j\n    username: u\n"

static char dir[] = "/tmp/pgjump-config.XXXXXX";

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

/* Every test begins in the same environment. */
static int
clear_environment(void **state)
{
	static const char *const names[] = { "PGJUMP_KNOWN_HOSTS",
		"STATE_DIRECTORY", "XDG_STATE_HOME" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unsetenv(names[i]);
	return setenv("HOME", "/home/me", 1);
}

static char said[65536]; /* by the last config_parse() */

static struct config *
parse(const char *document)
{
	char file[sizeof dir + 10];
	FILE *out = fmemopen(said, sizeof said, "w");
	struct config *cfg;

	snprintf(file, sizeof file, "%s/F", dir);
	said[0] = '\0';
	cfg = config_parse(file, document, strlen(document), out);
	fclose(out);
	return cfg;
}

/* A document that is fine, without a warning. */
static struct config *
good(const char *document)
{
	struct config *cfg = parse(document);

	assert_string_equal(said, "");
	assert_non_null(cfg);
	return cfg;
}

/* The messages of a document that is wrong, without the name of its file. */
static const char *
errors(const char *document)
{
	static char text[sizeof said];
	size_t prefix = strlen(dir) + strlen("/F:");
	char *end = text;

	assert_null(parse(document));
	for (const char *line = said; *line != '\0';) {
		size_t len = strcspn(line, "\n") + 1;

		assert_true(len > prefix);
		memcpy(end, line + prefix, len - prefix);
		end += len - prefix;
		line += len;
	}
	*end = '\0';
	return text;
}

/* --- Shapes --------------------------------------------------------------- */

static const char documented[] =
    "{\"name\":\"my-staging-db\",\"db_type\":\"postgres\",\"host\":"
    "\"100.64.1.50\",\"port\":5432,\"database\":\"myapp\",\"username\":"
    "\"readonly\",\"password\":\"db-password-here\",\"ssh_tunnel\":{"
    "\"enabled\":true,\"host\":\"203.0.113.10\",\"port\":22,\"username\":"
    "\"ubuntu\",\"auth_method\":\"key\",\"private_key\":\"" KEY "\"}}";

static void
the_documented_json_is_read(void **state)
{
	struct config *cfg = good(documented);
	const struct config_connection *connection = cfg->connections;
	const struct config_jump *jump = connection->jump;

	(void)state;
	assert_int_equal(cfg->connection_count, 1);
	assert_string_equal(connection->name, "my-staging-db");
	assert_string_equal(connection->label, "100.64.1.50:5432");
	assert_string_equal(connection->host, "100.64.1.50");
	assert_int_equal(connection->port, 5432);
	assert_string_equal(connection->database, "myapp");
	assert_string_equal(connection->username, "readonly");
	assert_string_equal(connection->password.text, "db-password-here");
	assert_ptr_equal(jump, cfg->jumps);
	assert_string_equal(jump->label, "203.0.113.10:22");
	assert_string_equal(jump->username, "ubuntu");
	assert_int_equal(jump->auth_method, AUTH_METHOD_KEY);
	assert_non_null(strstr(jump->private_key.text, "PRIVATE KEY-----\nb3"));
	assert_int_equal(jump->trust, TRUST_KNOWN_HOSTS);
	config_unref(cfg);
}

static void
what_is_not_given_has_its_default(void **state)
{
	struct config *cfg = good("{name: a, host: h}");
	const struct config_connection *connection = cfg->connections;

	(void)state;
	assert_int_equal(cfg->log_format, LOG_FORMAT_TEXT);
	assert_int_equal(cfg->log_level, LOG_LEVEL_INFO);
	assert_int_equal(cfg->workers, 1);
	assert_int_equal(cfg->max_links, 8);
	assert_int_equal(cfg->keepalive_interval_ms, 15000);
	assert_int_equal(cfg->keepalive_count, 3);
	assert_int_equal(cfg->shutdown_timeout_ms, 10000);
	assert_int_equal(cfg->startup_timeout_ms, 15000);
	assert_int_equal(cfg->resolve_timeout_ms, 3000);
	assert_int_equal(cfg->connect_timeout_ms, 4000);
	assert_int_equal(cfg->handshake_timeout_ms, 4000);
	assert_int_equal(cfg->auth_timeout_ms, 6000);
	assert_int_equal(cfg->open_timeout_ms, 4000);
	assert_int_equal(connection->port, 5432);
	assert_int_equal(connection->connection_timeout_ms, 8000);
	assert_int_equal(connection->max_clients, 1000);
	assert_int_equal(connection->ssl_mode, SSL_MODE_PREFER);
	assert_null(connection->jump);
	assert_null(connection->database);
	assert_false(secret_is_set(&connection->password));
	assert_int_equal(cfg->jump_count, 0);
	config_unref(cfg);
}

static void
global_settings_are_read(void **state)
{
	struct config *cfg = good("log_format: json\nlog_level: debug\n"
				  "workers: 2\nmax_links: 3\n"
				  "keepalive_interval: 500ms\n"
				  "keepalive_count: 5\nshutdown_timeout: 0\n"
				  "startup_timeout: 1\nresolve_timeout: 2\n"
				  "connect_timeout: 3s\nhandshake_timeout: 4\n"
				  "auth_timeout: 5\nopen_timeout: 1m\n"
				  "connections:\n- {name: a, host: h}\n");

	(void)state;
	assert_int_equal(cfg->log_format, LOG_FORMAT_JSON);
	assert_int_equal(cfg->log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(cfg->workers, 2);
	assert_int_equal(cfg->max_links, 3);
	assert_int_equal(cfg->keepalive_interval_ms, 500);
	assert_int_equal(cfg->keepalive_count, 5);
	assert_int_equal(cfg->shutdown_timeout_ms, 0);
	assert_int_equal(cfg->startup_timeout_ms, 1000);
	assert_int_equal(cfg->resolve_timeout_ms, 2000);
	assert_int_equal(cfg->connect_timeout_ms, 3000);
	assert_int_equal(cfg->handshake_timeout_ms, 4000);
	assert_int_equal(cfg->auth_timeout_ms, 5000);
	assert_int_equal(cfg->open_timeout_ms, 60000);
	config_unref(cfg);
}

static void
a_list_is_a_configuration(void **state)
{
	struct config *cfg = good("- {name: a, host: h, listen: 7000}\n"
				  "- {name: b, host: h, listen: 7001}\n");

	(void)state;
	assert_int_equal(cfg->connection_count, 2);
	assert_int_equal(cfg->connections[1].index, 1);
	assert_string_equal(cfg->connections[1].name, "b");
	config_unref(cfg);
}

static void
other_shapes_are_refused(void **state)
{
	(void)state;
	assert_string_equal(errors("hello"),
	    "1:1: this is neither a connection, nor a list of connections, nor "
	    "a mapping with connections\n");
	assert_string_equal(errors("[]"), "1:1: there is no connection\n");
	assert_string_equal(errors("connections: {}"),
	    "1:14: connections must be a list, not a mapping\n");
	assert_string_equal(errors("connections: [a]"),
	    "1:15: a connection must be a mapping, not a text\n");
	assert_string_equal(errors("log_level: debug\nname: a\nhost: h\n"),
	    "1:1: unknown key \"log_level\" in a connection; it belongs in the "
	    "top level (beside connections)\n");
}

static void
a_thousand_connections_are_the_most(void **state)
{
	char *document = xmalloc(100000), *end = document;
	struct config *cfg;

	(void)state;
	for (int i = 0; i < 1000; i++)
		end += sprintf(end, "- {name: c%d, host: h, listen: %d}\n", i,
		    20000 + i);
	cfg = good(document);
	assert_int_equal(cfg->connection_count, 1000);
	config_unref(cfg);
	sprintf(end, "- {name: x, host: h}\n");
	assert_string_equal(errors(document),
	    "1:1: more than 1000 connections\n");
	free(document);
}

/* --- Values --------------------------------------------------------------- */

static void
scalars_are_read_by_their_option(void **state)
{
	struct config *cfg = good("name: 0123\nhost: 1.5\nport: '5433'\n"
				  "database: yes\nusername: 1e3\n"
				  "password: 0x10\n");
	const struct config_connection *connection = cfg->connections;

	(void)state;
	assert_string_equal(connection->name, "0123");
	assert_string_equal(connection->host, "1.5");
	assert_int_equal(connection->port, 5433);
	assert_string_equal(connection->database, "yes");
	assert_string_equal(connection->username, "1e3");
	assert_string_equal(connection->password.text, "0x10");
	config_unref(cfg);
}

static void
null_is_as_good_as_absent(void **state)
{
	struct config *cfg = good("name: a\nhost: h\nport: null\n"
				  "database: ~\nusername:\npassword: \"\"\n"
				  "ssl: Null\nssl_config: null\n"
				  "ssh_tunnel: NULL\nlisten: ~\n"
				  "allow_from: null\ntls_cert: null\n"
				  "password_file: null\n");
	const struct config_connection *connection = cfg->connections;

	(void)state;
	assert_int_equal(connection->port, 5432);
	assert_null(connection->database);
	assert_null(connection->username);
	assert_false(secret_is_set(&connection->password));
	assert_null(connection->jump);
	config_unref(cfg);
	cfg = good("{name: a, host: h, database: 'null'}");
	assert_string_equal(cfg->connections->database, "null");
	config_unref(cfg);
	assert_string_equal(errors("{name: a, host: null}"),
	    "1:1: host is required: the database as the jump box sees it\n");
}

static void
the_environment_gives_whole_values(void **state)
{
	struct config *cfg;

	(void)state;
	setenv("DB_HOST", "db.example.com", 1);
	setenv("DB_PORT", "5433", 1);
	setenv("ODD", "a: [null, ${DB_HOST}]", 1);
	setenv("NULLISH", "null", 1);
	setenv("EMPTY", "", 1);
	cfg = good("name: a\nhost: ${DB_HOST}\nport: \"${DB_PORT}\"\n"
		   "username: ${NULLISH}\npassword: '${ODD}'\n"
		   "database: ${NOT_SET:-my db}\n"
		   "connection_timeout: ${EMPTY:-9}\n"
		   "max_clients: ${EMPTY}\n");
	assert_string_equal(cfg->connections->host, "db.example.com");
	assert_int_equal(cfg->connections->port, 5433);
	assert_string_equal(cfg->connections->username, "null");
	assert_string_equal(cfg->connections->password.text,
	    "a: [null, ${DB_HOST}]");
	assert_string_equal(cfg->connections->database, "my db");
	assert_int_equal(cfg->connections->connection_timeout_ms, 9000);
	assert_int_equal(cfg->connections->max_clients, 1000);
	config_unref(cfg);
}

static void
a_dollar_elsewhere_is_a_dollar(void **state)
{
	static const char *const passwords[] = { "$NAME", "x${HOME}",
		"${HOME}x", "${1A}", "${}", "${HOME:x}", "$${HOME}", "${A B}",
		"${HOME-x}" };

	(void)state;
	for (size_t i = 0; i < sizeof passwords / sizeof *passwords; i++) {
		char document[100];
		struct config *cfg;

		sprintf(document, "{name: a, host: h, password: '%s'}",
		    passwords[i]);
		cfg = good(document);
		assert_string_equal(cfg->connections->password.text,
		    passwords[i]);
		config_unref(cfg);
	}
}

static void
an_unset_variable_is_one_error(void **state)
{
	(void)state;
	assert_string_equal(errors("name: a\nhost: ${DB_HOST}\n"
				   "allow_from: [\"${FROM}\"]\n"),
	    "2:7: the environment variable DB_HOST is not set\n"
	    "3:14: the environment variable FROM is not set\n");
}

static void
all_errors_are_told_at_once(void **state)
{
	(void)state;
	assert_string_equal(errors("workers: 0\n"
				   "log_levl: info\n"
				   "http: 127.0.0.1:9090\n"
				   "connections:\n"
				   "- name: a b\n"
				   "  prot: 1\n"
				   "  port: x\n"
				   "  port: 1\n"
				   "  db_type: snowflake\n"
				   "  client_tls: terminate\n"
				   "- name: b\n"
				   "  host: [h]\n"
				   "  connection_timeout: 301s\n"
				   "  ssh_tunnel: {enabled: maybe}\n"),
	    "1:10: workers must be a number from 1 to 64, not \"0\"\n"
	    "2:1: unknown key \"log_levl\" in the top level (beside "
	    "connections); did you mean \"log_level\"?\n"
	    "3:1: http is not supported in this version\n"
	    "5:3: warning: 2 connections without a port of their own listen on "
	    "6432 and what their position in the file adds; set listen, or a "
	    "new connection moves them\n"
	    "5:3: host is required: the database as the jump box sees it\n"
	    "5:9: name must be 1 to 64 of the characters a-z, A-Z, 0-9, _ and "
	    "-, not \"a b\"\n"
	    "6:3: unknown key \"prot\" in a connection; did you mean "
	    "\"port\"?\n"
	    "8:3: port is given twice; the first is in line 7\n"
	    "9:12: db_type must be postgres: pgjump speaks PostgreSQL only, "
	    "and cloud warehouses need no tunnel, not \"snowflake\"\n"
	    "10:15: client_tls terminate is not supported in this version\n"
	    "12:9: host must be a host name, an address or a directory, alone, "
	    "not a list\n"
	    "13:23: connection_timeout must be a duration from 1s to 5m, such "
	    "as 4s, 500ms or 1m, not \"301s\"\n"
	    "14:15: ssh_tunnel.host is required: the jump box\n"
	    "14:15: ssh_tunnel.password or password_file is required with "
	    "auth_method password\n"
	    "14:15: ssh_tunnel.username is required: the user on the jump box\n"
	    "14:25: ssh_tunnel.enabled must be true or false, not "
	    "\"maybe\"\n");
}

static void
no_error_quotes_a_secret(void **state)
{
	static const char *const documents[] = {
		"{name: a, host: h, password: [hunter2]}",
		"{name: a, host: h, password: {hunter2: x}}",
		"{name: a, host: 'postgres://u:hunter2@h/db'}",
		"{name: a, host: h, \"hunter2 \": x}",
		"{name: a, host: h, ssl_config: {ca_cert: hunter2}}",
		"{name: a, host: h, ssh_tunnel: {enabled: true, host: j, "
		"username: u, auth_method: key, private_key: hunter2}}",
		"{name: a, host: h, ssh_tunnel: {enabled: true, host: j, "
		"username: u, auth_method: agent, private_key: hunter2}}",
		"{name: a, host: h, ssh_tunnel: {enabled: true, host: j, "
		"username: u, proxy_password: hunter2}}",
		"{name: a, host: h, password: hunter2, password: hunter2}",
		"{name: a, host: h, password: \"hunter2\\q\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
		assert_true(strlen(errors(documents[i])) > 0);
		assert_null(strstr(said, "hunter2"));
	}
}

static void
later_options_are_known_and_refused(void **state)
{
	static const struct {
		const char *key, *where;
	} cases[] = {
		{ "proxy_host: p", "8:5: ssh_tunnel.proxy_host" },
		{ "proxy_port: 3128", "8:5: ssh_tunnel.proxy_port" },
		{ "proxy_type: socks5", "8:5: ssh_tunnel.proxy_type" },
		{ "proxy_username: u", "8:5: ssh_tunnel.proxy_username" },
		{ "proxy_password_file: x",
		    "8:5: ssh_tunnel.proxy_password_file" },
	};
	char document[300], expected[200];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		sprintf(document,
		    TUNNEL("a", "1000") "    %s\n    password: x\n",
		    cases[i].key);
		sprintf(expected, "%s is not supported in this version\n",
		    cases[i].where);
		assert_string_equal(errors(document), expected);
	}
	assert_string_equal(errors("{name: a, host: h, tls_cert: x, "
				   "tls_key_file: y}"),
	    "1:20: tls_cert is not supported in this version\n"
	    "1:33: tls_key_file is not supported in this version\n");
	config_unref(good("{name: a, host: h, client_tls: passthrough, "
			  "tls_cert: null}"));
}

/* --- TLS to the database -------------------------------------------------- */

static void
ssl_says_which_mode(void **state)
{
	static const struct {
		const char *keys;
		enum ssl_mode mode;
	} cases[] = {
		{ "ssl: true", SSL_MODE_REQUIRE },
		{ "ssl: false", SSL_MODE_DISABLE },
		{ "ssl: verify-ca", SSL_MODE_VERIFY_CA },
		{ "ssl_config: {}", SSL_MODE_PREFER },
		{ "ssl_config: {enabled: true}", SSL_MODE_REQUIRE },
		{ "ssl_config: {enabled: false}", SSL_MODE_DISABLE },
		{ "ssl_config: {mode: allow}", SSL_MODE_ALLOW },
		{ "ssl: true, ssl_config: {mode: verify-full}",
		    SSL_MODE_VERIFY_FULL },
		{ "ssl: true, ssl_config: {enabled: true}", SSL_MODE_REQUIRE },
		{ "ssl: false, ssl_config: {enabled: true, mode: require}",
		    SSL_MODE_DISABLE },
		{ "ssl: true, ssl_config: {enabled: false, mode: require}",
		    SSL_MODE_DISABLE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char document[200];
		struct config *cfg;

		sprintf(document, "{name: a, host: h, %s}", cases[i].keys);
		cfg = good(document);
		assert_int_equal(cfg->connections->ssl_mode, cases[i].mode);
		config_unref(cfg);
	}
}

static void
ssl_config_is_validated(void **state)
{
	struct config *cfg;

	(void)state;
	assert_string_equal(errors("{name: a, host: h, ssl: maybe}"),
	    "1:25: ssl must be true, false or a mode such as verify-full, not "
	    "\"maybe\"\n");
	assert_string_equal(errors("{name: a, host: h, ssl_config: {ca_cert: "
				   "x, client_key: y}}"),
	    "1:32: ssl_config.client_cert and client_key are given together or "
	    "not at all\n"
	    "1:42: ssl_config.ca_cert must be a certificate in PEM format\n");
	cfg = good("{name: a, host: h, ssl_config: {ca_cert: "
		   "\"-----BEGIN CERTIFICATE-----\\nAA\"}}");
	assert_non_null(cfg->connections->ca_cert.text);
	config_unref(cfg);
}

/* --- listen, allow_from --------------------------------------------------- */

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
	cfg = good(document);
	text[0] = '\0';
	for (size_t i = 0; i < cfg->connections->listen_count; i++) {
		const struct config_listen *address = &cfg->connections
							   ->listens[i];

		assert_true((address->host == NULL) != (address->dir == NULL));
		sprintf(text + strlen(text), "%s%s ", address->label,
		    address->optional ? "?" : "");
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
	assert_string_equal(labels("localhost:7000", ""), "localhost:7000 ");
	assert_string_equal(labels("0.0.0.0:7000", ""), "0.0.0.0:7000 ");
	assert_string_equal(labels("'[0:0::1]:7000'", ""), "[::1]:7000 ");
	assert_string_equal(labels("/run/pg/", ""), "/run/pg/.s.PGSQL.6432 ");
	assert_string_equal(labels("[7000, /tmp, '127.0.0.2:7000']", ""),
	    "127.0.0.1:7000 [::1]:7000? /tmp/.s.PGSQL.6432 127.0.0.2:7000 ");
	assert_string_equal(labels("7000", "listen_host: 0.0.0.0,"),
	    "0.0.0.0:7000 ");
	assert_string_equal(labels("null", "listen_host: '::',"), "[::]:6432 ");
	assert_string_equal(labels("127.0.0.1:1", "listen_host: 0.0.0.0,"),
	    "127.0.0.1:1 ");
}

static void
other_forms_of_listen_are_refused(void **state)
{
	static const char *const bad[] = { "0", "65536", "localhost", "h:0",
		"h:65536", ":7000", "'[::1]'", "'[]:1'", "'[h]:7000'",
		"'[127.0.0.1]:7000'", "h x:1", "'*:7000'", "h:7000x", "{a: b}",
		"[[7000]]", "[null]" };

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
	assert_string_equal(
	    errors("- {name: a, host: h, listen: [/tmp, /tmp/]}\n"),
	    "1:30: connection \"a\" listens twice on /tmp/.s.PGSQL.6432\n");
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
		"'[::1]:1'", "localhost:1", "/tmp" };
	char document[200];

	(void)state;
	for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
		sprintf(document, "{name: a, host: h, listen: %s}", open[i]);
		assert_memory_equal(errors(document),
		    "1:28: allow_from is required: ", 30);
		sprintf(document,
		    "{name: a, host: h, listen: %s, allow_from: 10.0.0.0/8}",
		    open[i]);
		config_unref(good(document));
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

/* --- Jump boxes ----------------------------------------------------------- */

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
	    "1:32: ssh_tunnel.host is required: the jump box\n"
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
	    "5:5: ssh_tunnel.password or password_file is required with "
	    "auth_method password\n"
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
		"    password: x\n    host_key: any\n",
		"    password: x\n    host_key: " PIN "\n",
		"    password: x\n    known_hosts: /k\n",
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
	char expected[100];

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
	sprintf(expected, "%s/b", dir);
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
	cfg = trusting("    host_key: any\n");
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

/* --- Files ---------------------------------------------------------------- */

static void
secrets_come_from_files_beside_the_configuration(void **state)
{
	char path[sizeof dir + 10];
	struct config *cfg;
	FILE *file;

	(void)state;
	sprintf(path, "%s/secret", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_non_null(strstr(errors("{name: a, host: h, "
				      "password_file: secret}"),
	    "secret is empty\n"));
	file = fopen(path, "w");
	fputs("hunter2\n", file);
	fclose(file);
	cfg = good("{name: a, host: h, password_file: secret}");
	assert_string_equal(cfg->connections->password.path, path);
	assert_null(cfg->connections->password.text);
	config_unref(cfg);
	assert_string_equal(errors("{name: a, host: h, password_file: secret, "
				   "password: x}"),
	    "1:35: password and password_file are given; one of them is "
	    "enough\n");
	assert_string_equal(errors("{name: a, host: h, ssl_config: "
				   "{ca_cert_file: secret}}"),
	    "1:47: ssl_config.ca_cert must be a certificate in PEM format\n");
	unlink(path);
}

static void
a_snapshot_lives_as_long_as_its_references(void **state)
{
	struct config *cfg = good("{name: a, host: h}");

	(void)state;
	assert_ptr_equal(config_ref(cfg), cfg);
	config_unref(cfg);
	assert_string_equal(cfg->connections->name, "a");
	config_unref(cfg);
	config_unref(NULL);
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup(function, clear_environment)
	const struct CMUnitTest tests[] = {
		TEST(the_documented_json_is_read),
		TEST(what_is_not_given_has_its_default),
		TEST(global_settings_are_read),
		TEST(a_list_is_a_configuration),
		TEST(other_shapes_are_refused),
		TEST(a_thousand_connections_are_the_most),
		TEST(scalars_are_read_by_their_option),
		TEST(null_is_as_good_as_absent),
		TEST(the_environment_gives_whole_values),
		TEST(a_dollar_elsewhere_is_a_dollar),
		TEST(an_unset_variable_is_one_error),
		TEST(all_errors_are_told_at_once),
		TEST(no_error_quotes_a_secret),
		TEST(later_options_are_known_and_refused),
		TEST(ssl_says_which_mode),
		TEST(ssl_config_is_validated),
		TEST(every_form_of_listen_is_read),
		TEST(other_forms_of_listen_are_refused),
		TEST(a_socket_path_has_a_longest),
		TEST(default_ports_follow_the_position),
		TEST(addresses_collide),
		TEST(names_are_unique),
		TEST(beyond_loopback_somebody_must_be_named),
		TEST(networks_have_a_form),
		TEST(allow_from_decides_who_comes_in),
		TEST(a_disabled_tunnel_is_none),
		TEST(credentials_fit_the_method),
		TEST(keys_are_judged_where_they_stand),
		TEST(one_wrong_key_is_one_error),
		TEST(equal_jump_boxes_are_one),
		TEST(known_hosts_are_those_of_ssh),
		TEST(pins_are_trusted_instead),
		TEST(other_host_keys_are_refused),
		TEST(accept_new_needs_a_place),
		TEST(secrets_come_from_files_beside_the_configuration),
		TEST(a_snapshot_lives_as_long_as_its_references),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
