/* SPDX-License-Identifier: PostgreSQL */

/*
 * What the reasons and words of a jump box are translated into.
 */
#include "ssh/failure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define OPENSSH  "OpenSSH_10.6"
#define DROPBEAR "dropbear_2026.94"
#define GO       "Go"
#define NODE     "ssh2js1.17.0srv"
#define PARAMIKO "paramiko_2.12.0"
#define ASYNCSSH "AsyncSSH_2.10.1"
#define CONCH    "Twisted_22.4.0"
#define ERLANG   "Erlang/4.15.2"
#define LIBSSH   "libssh_0.10.6"
#define TUNNELS  "Microsoft.DevTunnels.Ssh_3.12"

/* The words are those that the servers were heard to send. */
static const struct {
	const char *version;
	unsigned reason;
	const char *words;
	bool is_socket;
	enum failure want;
} cases[] = {
	{ OPENSSH, 2, "Connection refused", false, FAIL_DB_REFUSED },
	{ OPENSSH, 2, "Connection reset by peer", false, FAIL_DB_CLOSED },
	{ OPENSSH, 2, "Connection timed out", false, FAIL_DB_TIMEOUT },
	{ OPENSSH, 2, "No route to host", false, FAIL_DB_UNREACHABLE },
	{ OPENSSH, 2, "Network is unreachable", false, FAIL_DB_UNREACHABLE },
	{ OPENSSH, 2, "Name or service not known", false,
	    FAIL_DB_NAME_UNKNOWN },
	{ OPENSSH, 2, "Temporary failure in name resolution", false,
	    FAIL_DB_NAME_UNKNOWN },
	{ OPENSSH, 2, "open failed", false, FAIL_DB_UNREACHED },
	{ OPENSSH, 1, "open failed", false, FAIL_FORWARD_DENIED },
	{ OPENSSH, 2, "open failed", true, FAIL_DB_UNREACHED_SOCKET },
	{ DROPBEAR, 2,
	    "Error resolving 'a..b' port '5432'. Name or service not known",
	    false, FAIL_DB_NAME_UNKNOWN },
	{ DROPBEAR, 1, "", false, FAIL_FORWARD_DENIED },
	{ GO, 2, "dial tcp 10.0.0.1:5432: connect: connection refused", false,
	    FAIL_DB_REFUSED },
	{ GO, 2, "dial tcp 10.0.0.1:5432: i/o timeout", false,
	    FAIL_DB_TIMEOUT },
	{ GO, 2, "dial tcp: lookup db on 127.0.0.53:53: no such host", false,
	    FAIL_DB_NAME_UNKNOWN },
	{ GO, 2, "dial tcp: lookup db on 127.0.0.53:53: server misbehaving",
	    false, FAIL_DB_NAME_UNKNOWN },
	{ GO, 2,
	    "dial tcp: lookup db on [::1]:53: read udp [::1]:40000->[::1]:53: "
	    "read: connection refused",
	    false, FAIL_DB_NAME_UNKNOWN },
	{ GO, 1, "port forwarding is disabled", false, FAIL_FORWARD_DENIED },
	{ NODE, 2, "", false, FAIL_DB_UNREACHED },
	{ NODE, 1, "", false, FAIL_FORWARD_DENIED },
	{ PARAMIKO, 2, "", false, FAIL_DB_UNREACHED },
	{ PARAMIKO, 1, "", false, FAIL_FORWARD_DENIED },
	{ ASYNCSSH, 2, "[Errno 111] Connect call failed ('10.0.0.1', 5432)",
	    false, FAIL_DB_REFUSED },
	{ ASYNCSSH, 2, "[Errno 110] Connect call failed ('10.0.0.1', 5432)",
	    false, FAIL_DB_TIMEOUT },
	{ ASYNCSSH, 2, "[Errno 113] Connect call failed ('10.0.0.1', 5432)",
	    false, FAIL_DB_UNREACHABLE },
	{ ASYNCSSH, 2, "[Errno 101] Connect call failed ('fd00::1', 5432)",
	    false, FAIL_DB_UNREACHABLE },
	{ ASYNCSSH, 2,
	    "Multiple exceptions: [Errno 101] Connect call failed ('fd00::1', "
	    "5432, 0, 0), [Errno 111] Connect call failed ('10.0.0.1', 5432)",
	    false, FAIL_DB_REFUSED },
	{ ASYNCSSH, 2, "[Errno -2] Name or service not known", false,
	    FAIL_DB_NAME_UNKNOWN },
	{ ASYNCSSH, 2, "Connection refused", false, FAIL_FORWARD_DENIED },
	{ CONCH, 3, "unknown channel", false, FAIL_FORWARD_DENIED },
	{ ERLANG, 2, "Forwarded connection refused: econnrefused", false,
	    FAIL_DB_REFUSED },
	{ ERLANG, 2, "Forwarded connection refused: nxdomain", false,
	    FAIL_DB_NAME_UNKNOWN },
	{ ERLANG, 2, "Forwarded connection refused: ehostunreach", false,
	    FAIL_DB_UNREACHABLE },
	{ ERLANG, 2, "Forwarded connection refused: enetunreach", false,
	    FAIL_DB_UNREACHABLE },
	{ ERLANG, 2, "Forwarded connection refused: etimedout", false,
	    FAIL_DB_TIMEOUT },
	{ ERLANG, 2, "Forwarding disabled", false, FAIL_FORWARD_DENIED },
	{ LIBSSH, 1, "", false, FAIL_DB_UNREACHED },
	{ LIBSSH, 1, "", true, FAIL_DB_UNREACHED_SOCKET },
	{ LIBSSH, 1, "not here", false, FAIL_FORWARD_DENIED },
	{ TUNNELS, 2, "connect ECONNREFUSED 10.0.0.1:5432", false,
	    FAIL_DB_REFUSED },
	{ TUNNELS, 2, "connect ETIMEDOUT 10.0.0.1:5432", false,
	    FAIL_DB_TIMEOUT },
	{ TUNNELS, 2, "connect EHOSTUNREACH 10.0.0.1:5432", false,
	    FAIL_DB_UNREACHABLE },
	{ TUNNELS, 2, "getaddrinfo ENOTFOUND db", false, FAIL_DB_NAME_UNKNOWN },
	{ TUNNELS, 2, "getaddrinfo EAI_AGAIN db", false, FAIL_DB_NAME_UNKNOWN },
	{ "", 2, "", false, FAIL_DB_UNREACHED },
	{ "", 0, "", false, FAIL_DB_UNREACHED },
	{ "", 2, "Connection refused", false, FAIL_DB_REFUSED },
	{ "", 2, "the moon is full", false, FAIL_DB_UNREACHED_SAID },
	{ "", 3, "", false, FAIL_FORWARD_DENIED },
	{ "", 1, "Connection refused by policy", false, FAIL_FORWARD_DENIED },
	{ "", 4, "too many", false, FAIL_FORWARD_LIMIT_PEER },
	{ "", 1, "", true, FAIL_FORWARD_DENIED },
};

static void
words_and_reasons_are_those_of_the_server(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum failure got = ssh_failure_of_open(ssh_failure_software(
							   cases[i].version),
		    cases[i].reason, cases[i].words, cases[i].is_socket);

		if (got != cases[i].want)
			fail_msg("%s, %u \"%s\": %s", cases[i].version,
			    cases[i].reason, cases[i].words,
			    failure_info(got)->message);
	}
}

static void
a_server_is_known_by_its_banner(void **state)
{
	(void)state;
	assert_int_equal(ssh_failure_software(OPENSSH), SOFTWARE_OPENSSH);
	assert_int_equal(ssh_failure_software("OpenSSH_for_Windows_9.5"),
	    SOFTWARE_OPENSSH);
	assert_int_equal(ssh_failure_software(DROPBEAR), SOFTWARE_DROPBEAR);
	assert_int_equal(ssh_failure_software("dropbear"), SOFTWARE_DROPBEAR);
	assert_int_equal(ssh_failure_software("libssh2_1.11.1"),
	    SOFTWARE_OTHER);
	assert_int_equal(ssh_failure_software(GO), SOFTWARE_OTHER);
	assert_int_equal(ssh_failure_software(""), SOFTWARE_UNKNOWN);
}

/* Which servers fall silent themselves while they connect to an address. */
static void
who_goes_on_while_it_connects(void **state)
{
	(void)state;
	assert_true(ssh_failure_goes_on(SOFTWARE_OPENSSH));
	assert_true(ssh_failure_goes_on(SOFTWARE_DROPBEAR));
	assert_false(ssh_failure_goes_on(SOFTWARE_LIBSSH));
	assert_false(ssh_failure_goes_on(SOFTWARE_OTHER));
	assert_false(ssh_failure_goes_on(SOFTWARE_UNKNOWN));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_reasons_are_those_of_the_server),
		cmocka_unit_test(a_server_is_known_by_its_banner),
		cmocka_unit_test(who_goes_on_while_it_connects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
