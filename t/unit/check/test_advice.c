/* SPDX-License-Identifier: PostgreSQL */

/*
 * Every failure that a check can meet has advice, however little is known about
 * it; rejected logins have it by their SQLSTATE.
 */
#include "check/advice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/fault.h"
#include "check/report.h"
#include "check/state.h"
#include "config/config.h"

static const struct config config;

static struct config_jump jump = {
	.label = "jump.example.com:22",
	.host = "jump.example.com",
	.port = 22,
	.username = "ubuntu",
	.proxy = { .label = "proxy.example.com:3128",
	    .host = "proxy.example.com",
	    .port = 3128,
	    .type = PROXY_HTTP },
};

static struct config_connection connection = {
	.name = "db",
	.label = "10.0.2.45:5432",
	.host = "10.0.2.45",
	.port = 5432,
	.database = "myapp",
	.username = "readonly",
	.jump = &jump,
};

/* The hint of failure.def says all there is to say. */
static const enum failure hint_only[] = {
	FAIL_PROXY_SETTINGS,
	FAIL_HOSTKEY_UNREADABLE,
	FAIL_AUTH_CERTIFICATE_UNUSABLE,
	FAIL_AUTH_KEY_UNUSABLE,
	FAIL_AUTH_SIGNATURE,
	FAIL_AUTH_SECRET_UNREADABLE,
	FAIL_FORWARD_LIMIT,
	FAIL_FORWARD_CLOSED,
	FAIL_DB_TLS_SETTINGS,
	FAIL_DB_REJECTED_EARLY,
	FAIL_DB_CANNOT_FORK,
	FAIL_DB_TLS_IN_FRONT,
};

static bool
is_hint_only(enum failure code)
{
	for (size_t i = 0; i < sizeof hint_only / sizeof *hint_only; i++)
		if (hint_only[i] == code)
			return true;
	return false;
}

static bool is_tls_offered;

static struct check_advice
advise_for(enum software software, enum failure code, const char *sqlstate,
    const char *message)
{
	const struct check_task task = { .cfg = &config,
		.connection = &connection };
	struct check_state state = { .task = &task,
		.tls_answer = is_tls_offered ? 'S' : 'N' };
	struct check_advice advice;

	connection.host_kind = config_host_kind(connection.host);
	fault_set(&state.fault, code, "words");
	fault_software(&state.fault, software);
	snprintf(state.keys.list[0].type, sizeof state.keys.list[0].type,
	    "ssh-ed25519");
	snprintf(state.keys.list[0].line, sizeof state.keys.list[0].line,
	    "ssh-ed25519 AAAA");
	snprintf(state.refusal.sqlstate, sizeof state.refusal.sqlstate, "%s",
	    sqlstate);
	snprintf(state.refusal.message, sizeof state.refusal.message, "%s",
	    message);
	check_advice_give(&state, &advice);
	return advice;
}

static struct check_advice
advise(enum failure code, const char *sqlstate, const char *message)
{
	return advise_for(SOFTWARE_OPENSSH, code, sqlstate, message);
}

static void
a_proxy_is_asked_as_curl_does(void **state)
{
	(void)state;
	jump.proxy.type = PROXY_SOCKS5;
	jump.proxy.username = "the user";
	assert_string_equal(advise(FAIL_PROXY_AUTH_REJECTED, "", "").command,
	    "curl -v -m 10 -p -x socks5h://proxy.example.com:3128 -U "
	    "'the user' telnet://jump.example.com:22");
	jump.proxy.type = PROXY_HTTP;
	jump.proxy.username = NULL;
	assert_string_equal(advise(FAIL_PROXY_FORBIDS, "", "").command,
	    "curl -v -m 10 -p -x http://proxy.example.com:3128 "
	    "telnet://jump.example.com:22");
}

static void
every_failure_has_its_advice(void **state)
{
	(void)state;
	for (enum failure code = FAIL_NONE + 1; code < FAILURE_COUNT; code++) {
		enum side side = failure_stage(code)->side;
		struct check_advice advice;

		if (side != SIDE_TUNNEL && side != SIDE_DATABASE)
			continue;
		advice = advise(code, "", "");
		assert_string_not_equal(advice.hint, "");
		if (is_hint_only(code) != (advice.command[0] == '\0'))
			fail_msg("a command for: %s",
			    failure_info(code)->message);
		assert_int_equal(advice.place[0] == '\0',
		    advice.command[0] == '\0');
	}
}

static void
without_a_tunnel_this_machine_is_asked(void **state)
{
	(void)state;
	assert_string_equal(advise(FAIL_DB_TIMEOUT, "", "").place,
	    "on the jump box");
	connection.jump = NULL;
	assert_string_equal(advise(FAIL_DB_TIMEOUT, "", "").place,
	    "on this machine");
	connection.jump = &jump;
}

/* An override that moves the pin to the connection; others leave it. */
static void
a_pin_belongs_where_the_jump_box_is(void **state)
{
	static const struct {
		const char *override, *file;
	} cases[] = {
		{ "host", "ssh_tunnel of this connection" },
		{ "port", "ssh_tunnel of this connection" },
		{ "host_key", "ssh_tunnel of this connection" },
		{ "username", "jump_boxes.edge" },
		{ "host_key_alias", "jump_boxes.edge" },
		{ "known_hosts", "jump_boxes.edge" },
	};
	const char *overrides[] = { "password", NULL };
	char name[] = "edge";

	(void)state;
	connection.jump_box = name;
	connection.overrides = overrides;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char file[100];

		snprintf(file, sizeof file, "%s, after you compared the key",
		    cases[i].file);
		overrides[1] = cases[i].override;
		connection.override_count = 2;
		assert_string_equal(advise(FAIL_HOSTKEY_PIN, "", "").file,
		    file);
		assert_string_equal(advise(FAIL_HOSTKEY_PIN_OF_MANY, "", "")
					.file,
		    file);
	}
	connection.jump_box = NULL;
	connection.overrides = NULL;
	connection.override_count = 0;
}

/* A message in another language has its quotes in the same place. */
static void
pg_hba_is_told_whom_to_permit(void **state)
{
	static const struct {
		const char *message, *line;
	} cases[] = {
		{ "no pg_hba.conf entry for host \"10.1.2.3\", user \"x\"",
		    "host myapp readonly 10.1.2.3/32 scram-sha-256" },
		{ "kein pg_hba.conf-Eintrag f?r Host \"2001:db8::7\"",
		    "host myapp readonly 2001:db8::7/128 scram-sha-256" },
		{ "pg_hba.conf rejects \"[local]\"", NULL },
		{ "pg_hba.conf and an open \"quote", NULL },
		{ "pg_hba.conf without any", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct check_advice advice = advise(FAIL_DB_REJECTED, "28000",
		    cases[i].message);

		assert_int_equal(advice.line_count, cases[i].line != NULL);
		if (cases[i].line != NULL)
			assert_string_equal(advice.lines[0], cases[i].line);
		assert_string_not_equal(advice.hint, "");
	}
}

/* A `host` line would let the session in without TLS. */
static void
tls_comes_before_pg_hba(void **state)
{
	static const char message[] = "no pg_hba.conf entry for host "
				      "\"10.1.2.3\", user \"x\", no encryption";
	enum ssl_mode mode = connection.ssl_mode;
	struct check_advice advice;

	(void)state;
	connection.ssl_mode = SSL_MODE_DISABLE;
	advice = advise(FAIL_DB_REJECTED, "28000", message);
	assert_memory_equal(advice.lines[0], "host ", 5);
	is_tls_offered = true;
	advice = advise(FAIL_DB_REJECTED, "28000", message);
	assert_int_equal(advice.line_count, 1);
	assert_string_equal(advice.lines[0], "ssl: require");
	assert_memory_equal(advice.hint, "Set ssl to require", 18);
	advice = advise(FAIL_DB_REJECTED, "28000", "role does not exist");
	assert_int_equal(advice.line_count, 0);
	connection.ssl_mode = SSL_MODE_REQUIRE;
	advice = advise(FAIL_DB_REJECTED, "28000", message);
	assert_memory_equal(advice.lines[0], "host ", 5);
	is_tls_offered = false;
	connection.ssl_mode = mode;
}

static void
each_sqlstate_has_a_fix_of_its_own(void **state)
{
	static const struct {
		const char *sqlstate, *message, *hint;
	} cases[] = {
		{ "28P01", "", "Correct username or password" },
		{ "28000", "role \"x\" does not exist", "create that user" },
		{ "3D000", "", "create that database" },
		{ "42501", "", "privilege CONNECT" },
		{ "53300", "", "max_connections" },
		{ "57P03", "", "Wait until the database has started" },
		{ "08P01", "no such database: x", "[databases]" },
		{ "08P01", "no more connections allowed (max_client_conn)",
		    "raise its max_client_conn" },
		{ "08P01", "SSL required", "ssl_config.mode to require" },
		{ "08P01", "SASL authentication failed", "auth_file" },
		{ "08P01", "database \"x\" is disabled", "(ENABLE)" },
		{ "", "query_wait_timeout (SQLSTATE 08P01)", "(RESUME)" },
		{ "08P01",
		    "server login has been failing, try again later "
		    "(server_login_retry)",
		    "cannot log in to its database" },
		{ "XX000", "failed to create a backend 0 connection",
		    "log of pgpool" },
		{ "3D000", "odyssey: c1: route for 'nothere.app' is not found",
		    "give the pooler" },
		{ "08006", "odyssey: c1: failed to connect to remote server s1",
		    "storage" },
		{ "53300", "odyssey: too many connections (client_max 3)",
		    "raise its client_max" },
		{ "",
		    "none of the server's SASL authentication mechanisms are "
		    "supported",
		    "scram-sha-256 in pg_hba.conf" },
		{ "08P01", "bad packet header", "log of the database server" },
		{ "XX000", "", "log of the database server" },
		{ "", "", "log of the database server" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_non_null(strstr(advise(FAIL_DB_REJECTED,
					   cases[i].sqlstate, cases[i].message)
					   .hint,
		    cases[i].hint));
}

/* A jump box without sshd has no sshd_config. */
static void
repairs_are_those_of_the_server(void **state)
{
	struct check_advice advice;

	(void)state;
	advice = advise_for(SOFTWARE_DROPBEAR, FAIL_AUTH_KEY_REJECTED, "", "");
	assert_string_equal(advice.lines[0],
	    "no-pty,no-agent-forwarding,no-X11-forwarding,"
	    "permitopen=\"10.0.2.45:5432\" ssh-ed25519 AAAA");
	assert_non_null(strstr(advice.command, "dropbear"));
	advice = advise_for(SOFTWARE_DROPBEAR, FAIL_FORWARD_DENIED, "", "");
	assert_int_equal(advice.line_count, 0);
	assert_non_null(strstr(advice.command, "dropbear"));
	for (enum failure code = FAIL_NONE + 1; code < FAILURE_COUNT; code++) {
		advice = advise_for(SOFTWARE_OTHER, code, "", "");
		assert_null(strstr(advice.command, "sshd"));
		assert_null(strstr(advice.command, "-u ssh"));
		assert_null(strstr(advice.command, "/etc/ssh"));
		assert_null(strstr(advice.file, "sshd_config"));
		assert_null(strstr(advice.file, "authorized_keys"));
	}
}

/* Users choose the names, and a shell reads the commands. */
static void
odd_names_are_quoted(void **state)
{
	struct check_advice advice;

	(void)state;
	connection.host = "/tmp/a 'b";
	connection.label = "/tmp/a 'b/.s.PGSQL.5432";
	assert_string_equal(advise(FAIL_DB_UNREACHED_SOCKET, "", "").command,
	    "ls -l '/tmp/a '\\''b/.s.PGSQL.5432'");
	assert_string_equal(advise(FAIL_DB_SILENT, "", "").command,
	    "pg_isready -h '/tmp/a '\\''b' -p 5432");
	connection.label = "[fd00::1]:5432";
	assert_non_null(strstr(advise(FAIL_DB_TLS_UNTRUSTED, "", "").command,
	    " -connect '[fd00::1]:5432' <"));
	connection.host = "10.0.2.45";
	connection.label = "10.0.2.45:5432";

	jump.username = "a,\"b\" $c";
	advice = advise(FAIL_FORWARD_DENIED, "", "");
	assert_string_equal(advice.lines[0], "Match User \"a??b? $c\"");
	assert_non_null(strstr(advice.command,
	    "-C 'user=a,\"b\" $c,host=localhost,addr=127.0.0.1' |"));
	jump.username = "ubuntu";
}

static void
no_command_is_cut(void **state)
{
	char dir[1000];

	(void)state;
	memset(dir, 'x', sizeof dir);
	dir[0] = '/';
	dir[sizeof dir - 1] = '\0';
	connection.host = connection.label = dir;
	assert_string_equal(advise(FAIL_DB_UNREACHED_SOCKET, "", "").command,
	    "");
	assert_string_equal(advise(FAIL_DB_UNREACHED_SOCKET, "", "").place, "");
	connection.host = "10.0.2.45";
	connection.label = "10.0.2.45:5432";
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_proxy_is_asked_as_curl_does),
		cmocka_unit_test(every_failure_has_its_advice),
		cmocka_unit_test(without_a_tunnel_this_machine_is_asked),
		cmocka_unit_test(a_pin_belongs_where_the_jump_box_is),
		cmocka_unit_test(pg_hba_is_told_whom_to_permit),
		cmocka_unit_test(tls_comes_before_pg_hba),
		cmocka_unit_test(each_sqlstate_has_a_fix_of_its_own),
		cmocka_unit_test(repairs_are_those_of_the_server),
		cmocka_unit_test(odd_names_are_quoted),
		cmocka_unit_test(no_command_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
