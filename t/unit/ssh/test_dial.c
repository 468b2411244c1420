/* SPDX-License-Identifier: PostgreSQL */

/*
 * Dials to what is no jump box, or to one that turns us away: a thread on a
 * loopback port says what the test tells it.  And the way to a database without
 * tunnel.  test_auth.c has logins to a real sshd.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <libssh2.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/fault.h"
#include "config/config.h"
#include "ssh/dial.h"
#include "ssh/resolver.h"
#include "ssh/transport.h"

#define BYTES(text) text, sizeof(text) - 1

enum manner {
	STAYS,       /* says it and waits */
	HANGS_UP,    /* says it and closes */
	HEARS_FIRST, /* reads our banner, says it, closes */
};

struct peer {
	int listener;
	unsigned port;
	pthread_t thread;
	const char *says;
	size_t len;
	enum manner manner;
};

static struct config cfg;
static struct config_jump jump;
static struct dial dial;
static struct fault fault;
static char label[64];

static void
read_to_the_end(int fd)
{
	char buf[512];

	while (read(fd, buf, sizeof buf) > 0)
		;
}

static void *
serve(void *arg)
{
	struct peer *peer = arg;
	int fd = accept(peer->listener, NULL, NULL);
	char banner;

	if (peer->manner == HEARS_FIRST && read(fd, &banner, 1) != 1)
		abort();
	if (send(fd, peer->says, peer->len, MSG_NOSIGNAL) < 0)
		abort();
	if (peer->manner != STAYS)
		shutdown(fd, SHUT_WR);
	read_to_the_end(fd);
	close(fd);
	return NULL;
}

static void
listen_on_loopback(struct peer *peer)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof address;

	peer->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, len),
	    0);
	assert_int_equal(listen(peer->listener, 1), 0);
	getsockname(peer->listener, (struct sockaddr *)&address, &len);
	peer->port = ntohs(address.sin_port);
}

static enum failure
dial_port(unsigned port)
{
	struct ssh_transport *transport;
	enum failure code;

	fault = (struct fault){ 0 };
	jump.port = port;
	snprintf(label, sizeof label, "127.0.0.1:%u", port);
	code = dial_jump(&dial, &jump, &transport, &fault);
	assert_null(transport);
	assert_int_equal(fault.code, code);
	assert_string_equal(fault.jump, label);
	assert_string_equal(fault.user, "tester");
	return code;
}

static enum failure
dial_peer(const char *says, size_t len, enum manner manner)
{
	struct peer peer = { .says = says, .len = len, .manner = manner };
	enum failure code;

	listen_on_loopback(&peer);
	pthread_create(&peer.thread, NULL, serve, &peer);
	code = dial_port(peer.port);
	pthread_join(peer.thread, NULL);
	close(peer.listener);
	return code;
}

static int
set_up(void **state)
{
	(void)state;
	cfg = (struct config){
		.resolve_timeout_ms = 5000,
		.connect_timeout_ms = 5000,
		.handshake_timeout_ms = 10000,
		.auth_timeout_ms = 10000,
		.keepalive_interval_ms = 15000,
		.keepalive_count = 3,
	};
	jump = (struct config_jump){
		.label = label,
		.host = "127.0.0.1",
		.username = "tester",
		.trust = TRUST_ANY,
	};
	dial = (struct dial){
		.cfg = &cfg,
		.resolver = resolver_new(),
		.cancel_fd = -1,
	};
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	resolver_free(dial.resolver);
	return 0;
}

static void
refused_port(void **state)
{
	struct peer peer;

	(void)state;
	listen_on_loopback(&peer);
	close(peer.listener);
	assert_int_equal(dial_port(peer.port), FAIL_JUMP_REFUSED);
	assert_non_null(strstr(fault.detail, "tried 127.0.0.1 for "));
}

/* RFC 6761: no name under "invalid" exists, and no server is asked for it. */
static void
unknown_name(void **state)
{
	(void)state;
	jump.host = "jump box.invalid";
	assert_int_equal(dial_port(22), FAIL_JUMP_NAME_UNKNOWN);
	assert_non_null(strstr(fault.detail, "resolver for jump box.invalid"));
	assert_string_not_equal(fault.words, "");
}

static void
peer_that_closes_at_once(void **state)
{
	(void)state;
	assert_int_equal(dial_peer("", 0, HANGS_UP), FAIL_JUMP_HANGUP);
	assert_int_equal(dial_peer("", 0, HEARS_FIRST), FAIL_JUMP_HANGUP);
	assert_non_null(strstr(fault.detail, "connected to 127.0.0.1 in"));
}

static void
silent_peer(void **state)
{
	(void)state;
	cfg.handshake_timeout_ms = 100;
	assert_int_equal(dial_peer("", 0, STAYS), FAIL_JUMP_SILENT);
	assert_string_equal(fault.words, "100 ms");
}

static void
other_services_are_quoted(void **state)
{
	static const char http[] =
	    "HTTP/1.1 400 Bad Request\r\n"
	    "Server: nginx\r\n\r\n<html>a long page that "
	    "nobody wants to see";
	static const char mysql[] = "J\0\0\0\n8.0.36\0\x08\0\0\0";

	(void)state;
	assert_int_equal(dial_peer(BYTES(http), HEARS_FIRST),
	    FAIL_JUMP_NOT_SSH);
	assert_string_equal(fault.words,
	    "\"HTTP/1.1 400 Bad Request Server: nginx <html>a long page\"");
	assert_int_equal(dial_peer(BYTES(mysql), STAYS), FAIL_JUMP_NOT_SSH);
	assert_string_equal(fault.words, "\"J??? 8.0.36?????\"");
}

/* Text before a banner is legal, so the dial waits to the end. */
static void
greeting_without_a_banner(void **state)
{
	(void)state;
	cfg.handshake_timeout_ms = 100;
	assert_int_equal(dial_peer(BYTES("220 mail ESMTP\r\n"), STAYS),
	    FAIL_JUMP_NOT_SSH);
	assert_string_equal(fault.words, "\"220 mail ESMTP\"");
	assert_int_equal(dial_peer(BYTES("welcome\r\nSSH-2.0-x\r\n"), STAYS),
	    FAIL_JUMP_HANDSHAKE_TIMEOUT);
	assert_string_equal(fault.words, "100 ms");
	assert_int_equal(dial_peer(BYTES("welcome\r\nSSH-2.0-x\r\n"), HANGS_UP),
	    FAIL_JUMP_HANGUP);
	assert_non_null(strstr(fault.detail, "its banner was SSH-2.0-x"));
}

/* The alert is an answer at once, whether the peer closes or not. */
static void
tls_alert(void **state)
{
	(void)state;
	assert_int_equal(dial_peer(BYTES("\x15\x03\x01\0\x02\x02\x46"), STAYS),
	    FAIL_JUMP_SPEAKS_TLS);
	assert_string_equal(fault.words,
	    "bytes 15 03 01 00 02 02 46, alert protocol_version");
	assert_int_equal(dial_peer(BYTES("\x15\x03"), HANGS_UP),
	    FAIL_JUMP_SPEAKS_TLS);
	assert_string_equal(fault.words, "bytes 15 03");
}

static void
sshd_that_takes_nobody(void **state)
{
	(void)state;
	assert_int_equal(dial_peer(BYTES("Not allowed at this time\r\n"),
			     HANGS_UP),
	    FAIL_JUMP_TURNED_AWAY);
	assert_string_equal(fault.words, "\"Not allowed at this time\"");
	assert_int_equal(dial_peer(BYTES("Exceeded MaxStartups\r\n"), HANGS_UP),
	    FAIL_JUMP_TURNED_AWAY);
	assert_string_equal(fault.words, "\"Exceeded MaxStartups\"");
}

static void
sshd_of_protocol_1(void **state)
{
	(void)state;
	assert_int_equal(dial_peer(BYTES("SSH-1.5-ancient\n"), HANGS_UP),
	    FAIL_JUMP_NO_ALGORITHM);
	assert_string_equal(fault.words, "it speaks only SSH-1.5-ancient");
}

static void
noise_behind_the_banner(void **state)
{
	(void)state;
	assert_int_equal(
	    dial_peer(BYTES("SSH-2.0-noise\r\n\xff\xff\xff\xff\xff\xff\xff\xff"
			    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
		STAYS),
	    FAIL_JUMP_DAMAGED);
	assert_string_equal(fault.detail + strlen(fault.detail) -
		strlen("its banner was SSH-2.0-noise"),
	    "its banner was SSH-2.0-noise");
}

/* SSH_MSG_DISCONNECT 2 "go away", in the clear: padding 6, then the payload. */
static void
words_of_a_disconnect(void **state)
{
	(void)state;
	assert_int_equal(
	    dial_peer(BYTES("SSH-2.0-grump\r\n"
			    "\0\0\0\x1c\x07\x01\0\0\0\x02\0\0\0\x07go away"
			    "\0\0\0\0"
			    "1234567"),
		STAYS),
	    FAIL_JUMP_HANDSHAKE_FAILED);
	assert_string_equal(fault.words, "it said \"go away\"");
}

static void
cancel_ends_it_in_any_stage(void **state)
{
	int cancel = eventfd(1, 0);

	(void)state;
	dial.cancel_fd = cancel;
	assert_int_equal(dial_peer("", 0, STAYS), FAIL_SHUTDOWN);
	close(cancel);
}

static void
on_stage(void *arg, enum dial_stage stage)
{
	unsigned *seen = arg;

	*seen = *seen * 10 + stage + 1;
}

static void
stages_are_told_in_order(void **state)
{
	unsigned seen = 0;

	(void)state;
	dial.on_stage = on_stage;
	dial.arg = &seen;
	assert_int_equal(dial_peer("", 0, HANGS_UP), FAIL_JUMP_HANGUP);
	assert_int_equal(seen, 123);
}

static void
every_stage_has_a_timeout_of_its_side(void **state)
{
	(void)state;
	assert_int_equal(dialing_stage_timeout(DIAL_RESOLVE),
	    FAIL_JUMP_NAME_TIMEOUT);
	assert_int_equal(dialing_stage_timeout(DIAL_CONNECT),
	    FAIL_JUMP_TIMEOUT);
	assert_int_equal(dialing_stage_timeout(DIAL_HANDSHAKE),
	    FAIL_JUMP_HANDSHAKE_TIMEOUT);
	assert_int_equal(dialing_stage_timeout(DIAL_HOSTKEY),
	    FAIL_JUMP_HANDSHAKE_TIMEOUT);
	assert_int_equal(dialing_stage_timeout(DIAL_AUTH), FAIL_AUTH_TIMEOUT);
	assert_int_equal(dialing_stage_timeout(DIAL_AGENT),
	    FAIL_AUTH_AGENT_WAITS);
}

static enum failure
dial_host(char *host, unsigned port, int *fd)
{
	const struct config_connection connection = {
		.label = "the database",
		.host = host,
		.host_kind = config_host_kind(host),
		.port = port,
	};
	enum failure code;

	fault = (struct fault){ 0 };
	code = dial_database(&dial, &connection, fd, &fault);
	assert_int_equal(fault.code, code);
	assert_string_equal(fault.database, "the database");
	assert_string_equal(fault.jump, "");
	return code;
}

static void
database_by_tcp(void **state)
{
	struct peer peer;
	int fd;

	(void)state;
	listen_on_loopback(&peer);
	assert_int_equal(dial_host("127.0.0.1", peer.port, &fd), FAIL_NONE);
	assert_true(fd >= 0);
	close(fd);
	close(peer.listener);
	assert_int_equal(dial_host("127.0.0.1", peer.port, &fd),
	    FAIL_DB_REFUSED);
	assert_int_equal(fd, -1);
	assert_int_equal(dial_host("no host.invalid", 5432, &fd),
	    FAIL_DB_NAME_UNKNOWN);
}

static void
database_by_unix_socket(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/pgjump-dial-XXXXXX";
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(dial_host(dir, 5432, &fd), FAIL_DB_UNREACHABLE);
	assert_string_equal(fault.words, "No such file or directory");
	snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.5432",
	    dir);
	bind(listener, (struct sockaddr *)&address, sizeof address);
	listen(listener, 1);
	assert_int_equal(dial_host(dir, 5432, &fd), FAIL_NONE);
	assert_true(fd >= 0);
	close(fd);
	close(listener);
	assert_int_equal(dial_host(dir, 5432, &fd), FAIL_DB_REFUSED);
	unlink(address.sun_path);
	rmdir(dir);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refused_port),
		TEST(unknown_name),
		TEST(peer_that_closes_at_once),
		TEST(silent_peer),
		TEST(other_services_are_quoted),
		TEST(greeting_without_a_banner),
		TEST(tls_alert),
		TEST(sshd_that_takes_nobody),
		TEST(sshd_of_protocol_1),
		TEST(noise_behind_the_banner),
		TEST(words_of_a_disconnect),
		TEST(cancel_ends_it_in_any_stage),
		TEST(stages_are_told_in_order),
		TEST(every_stage_has_a_timeout_of_its_side),
		TEST(database_by_tcp),
		TEST(database_by_unix_socket),
	};
	int failed;

	libssh2_init(0);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	libssh2_exit();
	return failed;
}
