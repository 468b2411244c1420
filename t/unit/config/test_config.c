/* SPDX-License-Identifier: PostgreSQL */

/*
 * Documents made into snapshots: their shapes, their values, and the words and
 * place of each error.
 */
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/xmalloc.h"
#include "documents.h"

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
	assert_int_equal(jump->auth_methods.count, 1);
	assert_int_equal(jump->auth_methods.list[0], AUTH_METHOD_KEY);
	assert_int_equal(jump->private_keys.count, 1);
	assert_non_null(
	    strstr(jump->private_keys.list[0].text, "PRIVATE KEY-----\nb3"));
	assert_int_equal(jump->trust, TRUST_KNOWN_HOSTS);
	config_unref(cfg);
}

static void
what_is_not_given_has_its_default(void **state)
{
	struct config *cfg = good("{name: a, host: h}");
	const struct config_connection *connection = cfg->connections;

	(void)state;
	assert_int_equal(cfg->log_format, LOG_FORMAT_AUTO);
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
	assert_int_equal(connection->ssl_response_timeout_ms, 4000);
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
	    "1:14: connections must be a list, not a mapping; begin each with "
	    "\"- name:\"\n");
	assert_string_equal(errors("connections: [a]"),
	    "1:15: a connection must be a mapping, not a text\n");
	assert_string_equal(errors("connections: [~]"),
	    "1:15: a connection must be a mapping, not null\n");
	assert_string_equal(errors("connections:"),
	    "1:13: connections must be a list, not null\n");
	assert_string_equal(errors("log_level: debug\nname: a\nhost: h\n"),
	    "1:1: unknown key \"log_level\" in a connection; it belongs in the "
	    "top level (beside connections)\n");
	assert_string_equal(errors("- &x {name: a, host: h}\n"
				   "- {<<: *x, listen: 1}\n"),
	    "2:3: host is required: the host of the database, as the jump "
	    "box sees it\n"
	    "2:3: name is required: the name of the connection in logs and "
	    "commands\n"
	    "2:4: merge keys are not supported; an alias stands for a whole "
	    "mapping\n");
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
	    "1:1: host is required: the host of the database, as the jump "
	    "box sees it\n");
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
				   "http: here\n"
				   "connections:\n"
				   "- name: a b\n"
				   "  prot: 1\n"
				   "  port: x\n"
				   "  port: 1\n"
				   "  db_type: snowflake\n"
				   "  client_tls: ended\n"
				   "- name: b\n"
				   "  host: [h]\n"
				   "  connection_timeout: 301s\n"
				   "  ssh_tunnel: {enabled: maybe}\n"),
	    "1:10: workers must be a number from 1 to 64, not \"0\"\n"
	    "2:1: unknown key \"log_levl\" in the top level (beside "
	    "connections); did you mean \"log_level\"?\n"
	    "3:7: http is none of these forms: PORT, HOST:PORT, "
	    "\"[V6]:PORT\", /dir/name.sock, off\n"
	    "5:3: warning: 2 connections have no port of their own and listen "
	    "on 6432 plus their position in the file; set listen, or a new "
	    "connection moves them\n"
	    "5:3: host is required: the host of the database, as the jump "
	    "box sees it\n"
	    "5:9: name must be 1 to 64 of the characters a-z, A-Z, 0-9, _ and "
	    "-, not \"a b\"; write a-b\n"
	    "6:3: unknown key \"prot\" in a connection; did you mean "
	    "\"port\"?\n"
	    "8:3: port is given twice; the first is in line 7\n"
	    "9:12: db_type must be postgres, not \"snowflake\"; pgjump speaks "
	    "PostgreSQL only, and cloud warehouses need no tunnel\n"
	    "10:15: client_tls must be one of passthrough, terminate, not "
	    "\"ended\"\n"
	    "12:9: host must be a host name, an address or a directory, "
	    "without a port, not a list\n"
	    "13:23: connection_timeout must be a duration from 1s to 5m, such "
	    "as 4s, 500ms or 1m, not \"301s\"\n"
	    "14:15: ssh_tunnel.host is required: the host of the jump box\n"
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
	(void)state;
	assert_string_equal(errors("{name: a, host: h, ssl: maybe}"),
	    "1:25: ssl must be true, false or a mode such as verify-full, not "
	    "\"maybe\"\n");
	assert_string_equal(errors("{name: a, host: h, ssl: false, "
				   "ssl_config: {mode: some}}"),
	    "1:51: ssl_config.mode must be one of disable, allow, prefer, "
	    "require, verify-ca, verify-full, not \"some\"\n");
	assert_string_equal(errors("{name: a, host: h, ssl_config: {ca_cert: "
				   "x, client_key: y}}"),
	    "1:42: ssl_config.ca_cert must be a certificate in PEM format\n"
	    "1:57: ssl_config.client_cert and client_key must be given "
	    "together\n");
	assert_string_equal(errors("{name: a, host: h, ssl_config: {ca_cert: "
				   "\"-----BEGIN CERTIFICATE-----\\nAA\"}}"),
	    "1:42: ssl_config.ca_cert: it holds no certificate in PEM form\n");
}

/* --- Files ---------------------------------------------------------------- */

static void
secrets_come_from_files_beside_the_configuration(void **state)
{
	char path[DOCUMENTS_DIR_SIZE + 10];
	struct config *cfg;
	FILE *file;

	(void)state;
	sprintf(path, "%s/secret", documents_dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_non_null(strstr(errors("{name: a, host: h, "
				      "password_file: secret}"),
	    "secret is empty\n"));
	file = fopen(path, "w");
	fputs("hunter2\n", file);
	fclose(file);
	chmod(path, 0644);
	config_unref(unwise("{name: a, host: h, password_file: secret}",
	    ":1:35: warning: password_file: everybody can read "));
	chmod(path, 0640);
	cfg = good("{name: a, host: h, password_file: secret}");
	assert_string_equal(cfg->connections->password.path, path);
	assert_null(cfg->connections->password.text);
	config_unref(cfg);
	assert_string_equal(errors("{name: a, host: h, password_file: secret, "
				   "password: x}"),
	    "1:35: password and password_file are both given; keep one of "
	    "them\n");
	assert_string_equal(errors("{name: a, host: h, ssl_config: "
				   "{ca_cert_file: secret}}"),
	    "1:47: ssl_config.ca_cert must be a certificate in PEM format\n");
	unlink(path);
}

static void
a_public_key_is_no_secret(void **state)
{
	char path[DOCUMENTS_DIR_SIZE + 10];
	FILE *file;

	(void)state;
	sprintf(path, "%s/k.pub", documents_dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(PUBLIC_KEY " me@here\n", file);
	fclose(file);
	chmod(path, 0644);
	config_unref(good("{name: a, host: h, ssh_tunnel: {enabled: true, "
			  "host: j, username: u, auth_method: agent, "
			  "private_key_file: k.pub}}"));
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
		TEST(ssl_says_which_mode),
		TEST(ssl_config_is_validated),
		TEST(secrets_come_from_files_beside_the_configuration),
		TEST(a_public_key_is_no_secret),
		TEST(a_snapshot_lives_as_long_as_its_references),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
