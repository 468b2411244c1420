/* SPDX-License-Identifier: PostgreSQL */

/*
 * The life of a client, from its first byte to its closing log line, between a
 * real socket and a fake jump.
 */
#include "client/clients.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../sockets.h"
#include "base/clock.h"
#include "client/gate.h"
#include "client_lab.h"

/* --- Healthy -------------------------------------------------------------- */

static void
a_session_goes_through(void **state)
{
	struct lab *lab = *state;

	lab_log_in(lab, BYTES(READY));
	lab_send(lab->client, BYTES(QUERY));
	lab_expect(lab, lab->database, BYTES(QUERY));
	lab_send(lab->database, BYTES(ROW COMPLETE READY));
	lab_expect(lab, lab->client, BYTES(ROW COMPLETE READY));
	lab_send(lab->client, BYTES("X\0\0\0\4"));
	shutdown(lab->client, SHUT_WR);
	lab_expect(lab, lab->database, BYTES("X\0\0\0\4"));
	assert_int_equal(lab_expect_end(lab, lab->database), 0);
	shutdown(lab->database, SHUT_WR);
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
	lab_wait_gone(lab, 1);
	assert_int_equal(clients_count(lab->clients), 0);
	assert_true(lab_has_logged(lab,
	    "info: client closed client=1 connection=staging "
	    "peer=192.0.2.7 how=\"client closed\" to_database=29 to_client=37 duration_ms="));
}

static void
the_originator_is_the_client(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES(STARTUP));
	lab_wait_open(lab);
	assert_string_equal(lab->jump.originator.host, "192.0.2.7");
	assert_int_equal(lab->jump.originator.port, 40000);
}

static void
no_forward_is_opened_before_the_packet_is_complete(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	for (size_t i = 0; i < sizeof STARTUP - 1; i++) {
		lab_settle(lab);
		assert_int_equal(lab->jump.opened, 0);
		lab_send(lab->client, STARTUP + i, 1);
	}
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(STARTUP));
}

static void
tls_passes_through(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES(SSL_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(SSL_REQUEST));
	lab_expect_silence(lab, lab->client);
	lab_send(lab->database, "S", 1);
	lab_expect(lab, lab->client, "S", 1);
	lab_send(lab->client, BYTES("\26\3\1\0\5\1\0\0\1x"));
	lab_expect(lab, lab->database, BYTES("\26\3\1\0\5\1\0\0\1x"));
	lab_send(lab->database, BYTES("\26\3\3hello"));
	lab_expect(lab, lab->client, BYTES("\26\3\3hello"));
	lab_send(lab->client, BYTES("finished"));
	lab_expect(lab, lab->database, BYTES("finished"));
}

static void
direct_tls_passes_through(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES("\26\3\1\0\5\1\0\0\1xmore"));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES("\26\3\1\0\5\1\0\0\1xmore"));
	lab_send(lab->database, BYTES("\26\3\3hello"));
	lab_expect(lab, lab->client, BYTES("\26\3\3hello"));
}

static void
negotiations_may_follow_each_other(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES(GSSENC_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(GSSENC_REQUEST));
	lab_send(lab->database, "N", 1);
	lab_expect(lab, lab->client, "N", 1);
	lab_send(lab->client, BYTES(SSL_REQUEST));
	lab_expect(lab, lab->database, BYTES(SSL_REQUEST));
	lab_send(lab->database, "N", 1);
	lab_expect(lab, lab->client, "N", 1);
	lab_send(lab->client, BYTES(STARTUP));
	lab_expect(lab, lab->database, BYTES(STARTUP));
	lab_send(lab->database, BYTES(AUTH_OK READY));
	lab_expect(lab, lab->client, BYTES(AUTH_OK READY));
	assert_int_equal(lab->jump.opened, 1);
}

static void
gss_encryption_is_opaque(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES(GSSENC_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(GSSENC_REQUEST));
	lab_send(lab->database, "G", 1);
	lab_expect(lab, lab->client, "G", 1);
	lab_send(lab->client, "token", 5);
	lab_expect(lab, lab->database, "token", 5);
	lab_send(lab->database, "nekot", 5);
	lab_expect(lab, lab->client, "nekot", 5);
	sockets_reset(lab->database);
	lab->database = -1;
	assert_int_equal(lab_expect_end(lab, lab->client), ECONNRESET);
	assert_true(lab_has_logged(lab, "warning: session ended client=1"));
}

/* PostgreSQL closes as soon as it has read Terminate, the client somewhat
 * later. */
static void
a_client_may_leave_tls_after_its_database(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES("\26\3\1\0\5\1\0\0\1x"));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES("\26\3\1\0\5\1\0\0\1x"));
	lab_send(lab->database, BYTES("\26\3\3\0\1x"));
	lab_expect(lab, lab->client, BYTES("\26\3\3\0\1x"));
	sockets_reset(lab->database);
	lab->database = -1;
	lab_settle(lab);
	close(lab->client);
	lab->client = -1;
	lab_wait_gone(lab, 1);
	assert_true(lab_has_logged(lab, "how=\"client closed\""));
	assert_false(lab_has_logged(lab, "warning:"));
}

static void
the_database_s_own_error_passes_untouched(void **state)
{
	static const char error[] =
	    "E\0\0\0\65SFATAL\0VFATAL\0C28P01\0Mpassword is wrong\0Fauth.c\0";
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES(STARTUP));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(STARTUP));
	lab_send(lab->database, error, sizeof error);
	shutdown(lab->database, SHUT_WR);
	lab_expect(lab, lab->client, error, sizeof error);
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
	shutdown(lab->client, SHUT_WR);
	lab_wait_gone(lab, 1);
	assert_true(lab_has_logged(lab,
	    "warning: database refused client client=1 connection=staging "
	    "stage=db_rejected sqlstate=28P01 error=\"password is wrong\""));
	assert_true(lab_has_logged(lab, "sqlstate=28P01 to_database="));
}

/* --- Cancel --------------------------------------------------------------- */

static void
a_cancel_is_delivered_even_if_its_sender_is_gone(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES(CANCEL_REQUEST));
	shutdown(lab->client, SHUT_WR);
	lab_wait_open(lab);
	lab_settle(lab);
	lab_accept(lab);
	assert_true(lab->jump.was_cancel);
	lab_expect(lab, lab->database, BYTES(CANCEL_REQUEST));
	shutdown(lab->database, SHUT_WR);
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
	lab_wait_gone(lab, 1);
}

static void
a_cancel_that_fails_is_closed_silently(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES(CANCEL_REQUEST));
	lab_refuse(lab, FAIL_DB_REFUSED, "");
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
	lab_wait_gone(lab, 1);
	assert_true(
	    lab_has_logged(lab, "how=\"cancel request not delivered\""));
}

/* pgjump does not wait until the sender closes. */
static void
a_cancel_is_over_when_the_database_has_closed(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES(CANCEL_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(CANCEL_REQUEST));
	shutdown(lab->database, SHUT_WR);
	lab_wait_gone(lab, 1);
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
}

static void
a_cancel_is_over_when_its_time_is(void **state)
{
	struct lab *lab = *state;

	lab->connection.connection_timeout_ms = 100;
	lab_connect(lab);
	lab_send(lab->client, BYTES(CANCEL_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(CANCEL_REQUEST));
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
	lab_wait_gone(lab, 1);
	assert_true(lab_has_logged(lab, "how=\"cancel request not answered\""));
}

static void
a_cancel_cut_off_is_closed_silently(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES(CANCEL_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(CANCEL_REQUEST));
	sockets_reset(lab->database);
	lab->database = -1;
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
	lab_wait_gone(lab, 1);
}

/* It was taken for a client before, and uses the place and the forward. */
static void
a_cancel_after_a_no_to_tls_needs_no_turn(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES(SSL_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(SSL_REQUEST));
	lab_send(lab->database, "N", 1);
	lab_expect(lab, lab->client, "N", 1);
	lab_send(lab->client, BYTES(CANCEL_REQUEST));
	lab_expect(lab, lab->database, BYTES(CANCEL_REQUEST));
	assert_int_equal(lab->jump.opened, 1);
	shutdown(lab->database, SHUT_WR);
	lab_wait_gone(lab, 1);
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
}

/* The requests that may have their turn at a time. */
struct cancels {
	int clients[GATE_CANCELS_MIN], databases[GATE_CANCELS_MIN];
};

static void
begin_cancels(struct lab *lab, struct cancels *cancels)
{
	for (int i = 0; i < GATE_CANCELS_MIN; i++) {
		lab_connect(lab);
		cancels->clients[i] = lab->client;
		lab_send(lab->client, BYTES(CANCEL_REQUEST));
		lab_accept(lab);
		lab_expect(lab, lab->database, BYTES(CANCEL_REQUEST));
		cancels->databases[i] = lab->database;
		lab->database = -1;
	}
}

static void
end_cancels(struct cancels *cancels)
{
	for (int i = 0; i < GATE_CANCELS_MIN; i++) {
		close(cancels->databases[i]);
		close(cancels->clients[i]);
	}
}

static void
more_cancels_wait_for_their_turn(void **state)
{
	struct lab *lab = *state;
	struct cancels cancels;
	int ninth;

	begin_cancels(lab, &cancels);
	lab_connect(lab);
	ninth = lab->client;
	lab_send(ninth, BYTES(CANCEL_REQUEST));
	lab_settle(lab);
	shutdown(ninth, SHUT_WR);
	lab_settle(lab);
	assert_int_equal(lab->jump.opened, GATE_CANCELS_MIN);
	shutdown(cancels.databases[3], SHUT_WR);
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(CANCEL_REQUEST));
	end_cancels(&cancels);
	lab_wait_gone(lab, GATE_CANCELS_MIN);
	shutdown(lab->database, SHUT_WR);
	assert_int_equal(lab_expect_end(lab, ninth), 0);
	lab_wait_gone(lab, GATE_CANCELS_MIN + 1);
	assert_false(lab_has_logged(lab, "before their turn"));
}

static void
each_client_makes_room_for_a_cancel(void **state)
{
	struct lab *lab = *state;
	struct cancels cancels;
	int clients[GATE_CANCELS_MIN + 1], databases[GATE_CANCELS_MIN + 1];

	for (int i = 0; i <= GATE_CANCELS_MIN; i++) {
		lab_log_in(lab, BYTES(READY));
		clients[i] = lab->client;
		databases[i] = lab->database;
		lab->database = -1;
	}
	begin_cancels(lab, &cancels);
	lab_connect(lab);
	lab_send(lab->client, BYTES(CANCEL_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(CANCEL_REQUEST));
	end_cancels(&cancels);
	for (int i = 0; i <= GATE_CANCELS_MIN; i++) {
		close(clients[i]);
		close(databases[i]);
	}
}

static void
a_cancel_waits_no_longer_than_it_has_time(void **state)
{
	struct lab *lab = *state;
	struct cancels cancels;

	begin_cancels(lab, &cancels);
	lab->connection.connection_timeout_ms = 100;
	lab_connect(lab);
	lab_send(lab->client, BYTES(CANCEL_REQUEST));
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
	lab_wait_gone(lab, 1);
	assert_int_equal(lab->jump.opened, GATE_CANCELS_MIN);
	assert_true(lab_has_logged(lab,
	    "how=\"cancel request had no turn\" missed_cancels=1"));
	assert_true(lab_has_logged(lab,
	    "warning: cancel requests closed before their turn "
	    "connection=staging count=1"));
	end_cancels(&cancels);
}

static void
a_cancel_that_may_not_even_wait_is_closed(void **state)
{
	struct lab *lab = *state;
	struct cancels cancels;
	int waiting[GATE_CANCELS_WAITING];

	begin_cancels(lab, &cancels);
	for (int i = 0; i < GATE_CANCELS_WAITING; i++) {
		lab_connect(lab);
		waiting[i] = lab->client;
		lab_send(lab->client, BYTES(CANCEL_REQUEST));
		lab_settle(lab);
	}
	for (unsigned i = 1; i <= 3; i++) {
		int before = lab_connect(lab);

		lab_send(lab->client, BYTES(CANCEL_REQUEST));
		assert_int_equal(lab_expect_end(lab, lab->client), 0);
		lab_wait_gone(lab, i);
		if (i > 1)
			close(before);
	}
	assert_true(lab_has_logged(lab, " missed_cancels=3 "));
	assert_true(lab_has_logged(lab,
	    "before their turn connection=staging "
	    "count=1"));
	assert_false(lab_has_logged(lab, "count=2"));
	clients_drain(lab->clients, FAIL_SHUTDOWN);
	lab_wait_gone(lab, 3 + GATE_CANCELS_WAITING);
	assert_true(lab_has_logged(lab,
	    "before their turn connection=staging "
	    "count=2"));
	for (int i = 0; i < GATE_CANCELS_WAITING; i++) {
		assert_int_equal(lab_expect_end(lab, waiting[i]), 0);
		close(waiting[i]);
	}
	end_cancels(&cancels);
}

/* --- Failing -------------------------------------------------------------- */

static void
a_startup_gets_the_text_at_once(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES(STARTUP));
	lab_refuse(lab, FAIL_DB_REFUSED, "Connection refused");
	lab_expect_fatal(lab, lab->client, "57P03",
	    "|Mpgjump: tunnel is up, database failed: db.example:5432 refused "
	    "the connection from jump box jump.example:22 [db_refused]|"
	    "Dreached the jump box in 5 ms|HCheck host and port,");
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
	shutdown(lab->client, SHUT_WR);
	lab_wait_gone(lab, 1);
	assert_true(lab_has_logged(lab,
	    "warning: client refused client=1 connection=staging "
	    "peer=192.0.2.7 "
	    "stage=db_refused error=\"pgjump: tunnel is up"));
	assert_true(lab_has_logged(lab, "how=refused stage=db_refused"));
}

/* A NegotiateProtocolVersion belongs to a login that may succeed. */
static void
a_newer_protocol_gets_the_text_first(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client,
	    BYTES("\0\0\0\32\0\3\0\2user\0me\0_pq_.x\0y\0\0"));
	lab_refuse(lab, FAIL_DB_REFUSED, "Connection refused");
	lab_expect_fatal(lab, lab->client, "57P03", "[db_refused]");
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
	shutdown(lab->client, SHUT_WR);
	lab_wait_gone(lab, 1);
}

static void
an_ssl_request_gets_the_text_inside_tls(void **state)
{
	struct lab *lab = *state;
	struct tls_peer *tls;

	lab_connect(lab);
	lab_send(lab->client, BYTES(SSL_REQUEST));
	lab_refuse(lab, FAIL_JUMP_REFUSED, "");
	lab_expect(lab, lab->client, "S", 1);
	tls = tls_peer_new(lab, false, NULL);
	assert_int_equal(tls_peer_handshake(tls), 1);
	tls_peer_send(tls, BYTES(STARTUP));
	tls_peer_expect_fatal(tls, "57P03",
	    "Mpgjump: tunnel failed: jump box jump.example:22 refused");
	tls_peer_free(tls);
}

#define CANNOT_FORK                                    \
	"Ecould not fork new process for connection: " \
	"Resource temporarily unavailable"

/* PostgreSQL's answer to a request that it does not know. */
#define ERROR_0A000(length, code)                   \
	"E\0\0\0" length "SFATAL\0VFATAL\0C0A000\0" \
	"Munsupported frontend protocol " code "\0\0"
#define NO_SSL_REQUEST    ERROR_0A000("\103", "1234.5679")
#define NO_GSSENC_REQUEST ERROR_0A000("\103", "1234.5680")

static void
a_gssenc_request_is_answered_no(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES(GSSENC_REQUEST));
	lab_refuse(lab, FAIL_JUMP_REFUSED, "");
	lab_expect(lab, lab->client, "N", 1);
	lab_send(lab->client, BYTES(STARTUP));
	lab_expect_fatal(lab, lab->client, "57P03", "[jump_connect]");
}

/* PostgreSQL 11 does this: libpq then connects again, and so does pgjump. */
static void
a_database_that_does_not_know_gssenc_is_asked_anew(void **state)
{
	struct lab *lab = *state;
	int before;

	lab_connect(lab);
	lab_send(lab->client, BYTES(GSSENC_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(GSSENC_REQUEST));
	before = lab->database;
	lab_send(before, BYTES(NO_GSSENC_REQUEST));
	shutdown(before, SHUT_WR);
	lab_expect(lab, lab->client, "N", 1);
	lab_expect_end(lab, before);
	lab_send(lab->client, BYTES(SSL_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(SSL_REQUEST));
	lab_send(lab->database, "N", 1);
	lab_expect(lab, lab->client, "N", 1);
	lab_send(lab->client, BYTES(STARTUP));
	lab_expect(lab, lab->database, BYTES(STARTUP));
}

/* H2 takes it for a startup packet; a VNC server begins with R, too. */
static void
a_login_in_answer_to_a_gssenc_request_is_begun_anew(void **state)
{
	struct lab *lab = *state;
	int before;

	lab_connect(lab);
	lab_send(lab->client, BYTES(GSSENC_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(GSSENC_REQUEST));
	before = lab->database;
	lab_send(before, "R", 1);
	lab_settle(lab);
	lab_send(before, "\0\0\0\10\0\0\0\3", 8);
	lab_expect(lab, lab->client, "N", 1);
	lab_expect_end(lab, before);
	lab_send(lab->client, BYTES(STARTUP));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(STARTUP));

	lab_connect(lab);
	lab_send(lab->client, BYTES(GSSENC_REQUEST));
	lab_accept(lab);
	lab_send(lab->database, "RFB 003.008\n", 12);
	lab_expect(lab, lab->client, "N", 1);
	lab_send(lab->client, BYTES(STARTUP));
	lab_expect_fatal(lab, lab->client, "57P03", "[db_not_postgres]");
}

static void
direct_tls_gets_the_text_inside_tls(void **state)
{
	struct lab *lab = *state;
	struct tls_peer *tls;

	lab_connect(lab);
	tls = tls_peer_new(lab, false, "\012postgresql");
	tls_peer_start(tls);
	lab_refuse(lab, FAIL_DB_TIMEOUT, "4 s");
	assert_int_equal(tls_peer_handshake(tls), 1);
	tls_peer_send(tls, BYTES(STARTUP));
	tls_peer_expect_fatal(tls, "57P03", "[db_timeout]");
	tls_peer_free(tls);
}

static void
direct_tls_of_another_protocol_gets_alert_120(void **state)
{
	struct lab *lab = *state;
	struct tls_peer *tls;

	lab_connect(lab);
	tls = tls_peer_new(lab, false, "\002h2");
	tls_peer_start(tls);
	lab_refuse(lab, FAIL_DB_TIMEOUT, "4 s");
	assert_int_equal(tls_peer_handshake(tls), -1);
	assert_string_equal(tls_peer_reason(),
	    "tlsv1 alert no application protocol");
	tls_peer_free(tls);
	lab_wait_gone(lab, 1);
}

static void
a_client_that_rejects_the_certificate_is_logged(void **state)
{
	struct lab *lab = *state;
	struct tls_peer *tls;

	lab_connect(lab);
	lab_send(lab->client, BYTES(SSL_REQUEST));
	lab_refuse(lab, FAIL_JUMP_REFUSED, "");
	lab_expect(lab, lab->client, "S", 1);
	tls = tls_peer_new(lab, true, NULL);
	assert_int_equal(tls_peer_handshake(tls), -1);
	tls_peer_free(tls);
	shutdown(lab->client, SHUT_RDWR);
	lab_wait_gone(lab, 1);
	assert_true(lab_has_logged(lab,
	    "warning: client could not be told client=1 connection=staging "
	    "stage=jump_connect reason=\"client sent alert: unknown CA\""));
}

/* The database ends after its S, before the first byte of its TLS. */
static void
the_text_is_still_told_after_the_database_s_yes(void **state)
{
	struct lab *lab = *state;
	struct tls_peer *tls;

	lab_connect(lab);
	lab_send(lab->client, BYTES(SSL_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(SSL_REQUEST));
	lab_send(lab->database, "S", 1);
	lab_expect(lab, lab->client, "S", 1);
	tls = tls_peer_new(lab, false, NULL);
	tls_peer_start(tls);
	lab_settle(lab);
	shutdown(lab->database, SHUT_WR);
	assert_int_equal(tls_peer_handshake(tls), 1);
	tls_peer_send(tls, BYTES(STARTUP));
	tls_peer_expect_fatal(tls, "57P03", "closed the connection from");
	tls_peer_free(tls);
}

/* Things that a database does instead of answering a request. */
static const struct bad_answer {
	const char *request;
	size_t request_len;
	const char *answer;
	size_t answer_len;
	bool is_end;
	const char *part;
} bad_answers[] = {
	{ BYTES(STARTUP), BYTES("HTTP/1.1 400 Bad\r\n"), false,
	    "it answered: \"HTTP/1.1 400 Bad\" [db_not_postgres]" },
	{ BYTES(STARTUP), BYTES(""), true, "[db_closed]" },
	{ BYTES(STARTUP), BYTES("R\0"), true, "[db_not_postgres]" },
	{ BYTES(SSL_REQUEST), BYTES("SSH-2.0-OpenSSH\r\n"), false,
	    "it answered: \"SSH-2.0-OpenSSH\" [db_not_postgres]" },
	{ BYTES(SSL_REQUEST), BYTES("Sx"), false, "\"Sx\" [db_not_postgres]" },
	{ BYTES(SSL_REQUEST), BYTES("G"), false, "\"G\" [db_not_postgres]" },
	{ BYTES(SSL_REQUEST), BYTES("E"), true, "\"E\" [db_not_postgres]" },
	{ BYTES(SSL_REQUEST), BYTES("ERROR\r\n"), false,
	    "\"ERROR\" [db_not_postgres]" },
	{ BYTES(SSL_REQUEST), BYTES(CANNOT_FORK "\n\0"), true,
	    "rejected the session before any login: could not fork new "
	    "process for connection: Resource temporarily unavailable "
	    "[db_rejected]" },
	{ BYTES(STARTUP), BYTES(CANNOT_FORK "\n\0"), true,
	    "Resource temporarily unavailable [db_rejected]" },
	{ BYTES(SSL_REQUEST), BYTES(NO_SSL_REQUEST), true,
	    "rejected the request for TLS: unsupported frontend protocol "
	    "1234.5679 (SQLSTATE 0A000) [db_rejected]" },
	{ BYTES(SSL_REQUEST), BYTES(""), true, "[db_closed]" },
};

static void
bad_answers_are_named(void **state)
{
	struct lab *lab = *state;

	for (size_t i = 0; i < sizeof bad_answers / sizeof *bad_answers; i++) {
		const struct bad_answer *bad = &bad_answers[i];
		struct tls_peer *tls;
		int before = lab_connect(lab);

		if (before >= 0)
			close(before);
		lab_send(lab->client, bad->request, bad->request_len);
		lab_accept(lab);
		lab_expect(lab, lab->database, bad->request, bad->request_len);
		if (bad->answer_len > 0)
			lab_send(lab->database, bad->answer, bad->answer_len);
		if (bad->is_end)
			shutdown(lab->database, SHUT_WR);
		if (bad->request_len == sizeof STARTUP - 1) {
			lab_expect_fatal(lab, lab->client, "57P03", bad->part);
			continue;
		}
		lab_expect(lab, lab->client, "S", 1);
		tls = tls_peer_new(lab, false, NULL);
		assert_int_equal(tls_peer_handshake(tls), 1);
		tls_peer_send(tls, BYTES(STARTUP));
		tls_peer_expect_fatal(tls, "57P03", bad->part);
		tls_peer_free(tls);
	}
}

static void
a_database_that_greets_first_is_no_postgres(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES(GSSENC_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(GSSENC_REQUEST));
	lab_send(lab->database, "N", 1);
	lab_expect(lab, lab->client, "N", 1);
	lab_send(lab->database, "hello", 5);
	lab_settle(lab);
	lab_send(lab->client, BYTES(STARTUP));
	lab_expect_fatal(lab, lab->client, "57P03",
	    "\"hello\" [db_not_postgres]");
}

static void
a_silent_database_is_named_in_time(void **state)
{
	struct lab *lab = *state;

	lab->connection.connection_timeout_ms = 300;
	lab_connect(lab);
	lab_send(lab->client, BYTES(STARTUP));
	lab_accept(lab);
	lab_expect_fatal(lab, lab->client, "57P03", "[db_silent]");
}

/* PGlite's socket server does this, which does not know the request. */
static void
silence_to_a_gssenc_request_is_named(void **state)
{
	struct lab *lab = *state;

	lab->connection.ssl_response_timeout_ms = 300;
	lab_connect(lab);
	lab_send(lab->client, BYTES(GSSENC_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->client, "N", 1);
	lab_send(lab->client, BYTES(STARTUP));
	lab_expect_fatal(lab, lab->client, "57P03", "encryption by GSSAPI");
}

/* Each could begin an error whose rest never comes. */
static void
a_server_that_stops_in_an_error_was_not_silent(void **state)
{
	struct lab *lab = *state;
	struct tls_peer *tls;
	int before;

	lab->connection.connection_timeout_ms = 300;
	lab->connection.ssl_response_timeout_ms = 300;
	lab_connect(lab);
	lab_send(lab->client, BYTES(STARTUP));
	lab_accept(lab);
	lab_send(lab->database, BYTES("Error: bad request\n"));
	lab_expect_fatal(lab, lab->client, "57P03",
	    "\"Error: bad request\" [db_not_postgres]");
	before = lab_connect(lab);
	lab_send(lab->client, BYTES(SSL_REQUEST));
	lab_accept(lab);
	lab_send(lab->database, BYTES("Error: bad request\n"));
	lab_expect(lab, lab->client, "S", 1);
	tls = tls_peer_new(lab, false, NULL);
	assert_int_equal(tls_peer_handshake(tls), 1);
	tls_peer_send(tls, BYTES(STARTUP));
	tls_peer_expect_fatal(tls, "57P03",
	    "\"Error: bad request\" [db_not_postgres]");
	tls_peer_free(tls);
	close(before);
}

static void
a_request_for_tls_waits_as_long_as_it_is_told(void **state)
{
	struct lab *lab = *state;
	struct tls_peer *tls;

	lab->connection.ssl_response_timeout_ms = 300;
	lab_connect(lab);
	lab_send(lab->client, BYTES(SSL_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->client, "S", 1);
	tls = tls_peer_new(lab, false, NULL);
	assert_int_equal(tls_peer_handshake(tls), 1);
	tls_peer_send(tls, BYTES(STARTUP));
	tls_peer_expect_fatal(tls, "57P03",
	    "did not answer the request for TLS within ");
	tls_peer_free(tls);
}

static void
deadlines_are_those_of_real_clients(void **state)
{
	struct lab *lab = *state;
	int before;

	lab->connection.connection_timeout_ms = 8000;
	lab_connect(lab);
	lab_send(lab->client, BYTES(SSL_REQUEST));
	lab_wait_open(lab);
	assert_in_range(lab->jump.deadline_ms, clock_ms() + 3000,
	    clock_ms() + 4000);
	lab_refuse(lab, FAIL_JUMP_REFUSED, "");
	before = lab_connect(lab);
	lab_send(lab->client, BYTES(STARTUP));
	lab_wait_open(lab);
	assert_in_range(lab->jump.deadline_ms, clock_ms() + 7000,
	    clock_ms() + 8000);
	close(before);
}

static void
a_storm_of_clients_is_slowed_down(void **state)
{
	struct lab *lab = *state;
	int64_t start_ms = clock_ms();

	for (int i = 0; i < 6; i++) {
		int before = lab_connect(lab);

		if (before >= 0)
			close(before);
		lab_send(lab->client, BYTES(STARTUP));
		lab_refuse(lab, FAIL_DB_REFUSED, "");
		lab_expect_fatal(lab, lab->client, "57P03", "[db_refused]");
	}
	assert_true(clock_ms() - start_ms >= 500);
}

static void
a_client_that_leaves_gives_its_request_back(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES(STARTUP));
	lab_wait_open(lab);
	shutdown(lab->client, SHUT_WR);
	lab_wait_gone(lab, 1);
	assert_int_equal(lab->jump.dropped, 1);
}

/* --- Limits --------------------------------------------------------------- */

static void
a_full_connection_says_so(void **state)
{
	struct lab *lab = *state;
	int fds[21], databases[20];

	for (int i = 0; i < 20; i++) {
		lab_connect(lab);
		fds[i] = lab->client;
		lab_send(lab->client, BYTES(STARTUP));
		lab_accept(lab);
		databases[i] = lab->database;
		lab->database = -1;
	}
	lab_connect(lab);
	lab_send(lab->client, BYTES(STARTUP));
	lab_expect_fatal(lab, lab->client, "53300",
	    "too many clients on this connection: max_clients is 20 "
	    "[client_limit]");
	/* A CancelRequest does not count. */
	fds[20] = lab_connect(lab);
	lab_send(lab->client, BYTES(CANCEL_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(CANCEL_REQUEST));
	for (int i = 0; i < 20; i++)
		close(databases[i]);
	for (int i = 0; i < 21; i++)
		close(fds[i]);
	lab_wait_gone(lab, 21);
}

static void
a_place_is_given_back(void **state)
{
	struct lab *lab = *state;

	for (unsigned i = 1; i <= 3 * lab->connection.max_clients; i++) {
		lab_connect(lab);
		lab_send(lab->client, BYTES(STARTUP));
		lab_accept(lab);
		close(lab->client);
		lab->client = -1;
		lab_wait_gone(lab, i);
	}
	assert_int_equal(lab->jump.opened, 60);
}

static void
a_stranger_is_told_in_the_protocol(void **state)
{
	struct lab *lab = *state;

	lab->network = (struct config_network){ .family = AF_INET,
		.address = { 10 },
		.prefix_len = 8 };
	lab->connection.allow_from = &lab->network;
	lab->connection.allow_from_count = 1;
	lab_connect(lab);
	lab_send(lab->client, BYTES(STARTUP));
	lab_expect_fatal(lab, lab->client, "57P03",
	    "clients from 192.0.2.7 are not allowed [client_denied]|"
	    "Dthe client at 192.0.2.7 had been connected for ");
	assert_int_equal(lab->jump.opened, 0);
}

/* --- Not PostgreSQL ------------------------------------------------------- */

static void
http_gets_a_line(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES("GET / HTTP/1.1\r\n\r\n"));
	lab_expect(lab, lab->client, BYTES("HTTP/1.1 400 Bad Request\r\n"));
	close(lab->client);
	lab->client = -1;
	lab_wait_gone(lab, 1);
	assert_int_equal(lab->jump.opened, 0);
	assert_true(lab_has_logged(lab, "the client sent an HTTP request"));
}

static void
noise_is_closed(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *logged;
	} cases[] = {
		{ BYTES("SSH-2.0-x\r\n"), "the client sent an SSH banner" },
		{ BYTES("*1\r\n$4\r\nPING\r\n"), "sent a Redis command" },
		{ BYTES("\0\0\0\0\0\0\0\0"), "packet of impossible length" },
		{ BYTES("\377\376"), "bytes of an unknown protocol" },
	};
	struct lab *lab = *state;

	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		int before = lab_connect(lab);

		if (before >= 0)
			close(before);
		lab_send(lab->client, cases[i].bytes, cases[i].len);
		assert_int_equal(lab_expect_end(lab, lab->client), 0);
		lab_wait_gone(lab, i + 1);
		assert_true(lab_has_logged(lab, cases[i].logged));
	}
	assert_int_equal(lab->jump.opened, 0);
}

static void
a_malformed_packet_is_told(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES("\0\0\47\21\0\3\0\0user"));
	lab_expect_fatal(lab, lab->client, "08P01",
	    "invalid PostgreSQL startup packet: its length is impossible");
}

static void
a_second_request_for_encryption_is_refused(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES(SSL_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(SSL_REQUEST));
	lab_send(lab->database, "N", 1);
	lab_expect(lab, lab->client, "N", 1);
	lab_send(lab->client, BYTES(SSL_REQUEST));
	lab_expect_fatal(lab, lab->client, "08P01",
	    "it asks for encryption a second time");
}

static void
a_request_for_encryption_in_tls_is_refused(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	lab_send(lab->client, BYTES(SSL_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(SSL_REQUEST));
	lab_send(lab->database, "S", 1);
	lab_expect(lab, lab->client, "S", 1);
	lab_send(lab->client, BYTES(GSSENC_REQUEST));
	lab_wait_gone(lab, 1);
	assert_true(
	    lab_has_logged(lab, "it asks for encryption where TLS was agreed"));
}

/* The bytes come with the request, or between request and answer. */
static void
bytes_before_the_answer_are_refused(void **state)
{
	struct lab *lab = *state;
	int before;

	lab_connect(lab);
	lab_send(lab->client, BYTES(SSL_REQUEST "more"));
	lab_expect_fatal(lab, lab->client, "08P01",
	    "it sends more before its request for encryption is answered");
	assert_int_equal(lab->jump.opened, 0);
	before = lab_connect(lab);
	lab_send(lab->client, BYTES(SSL_REQUEST));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(SSL_REQUEST));
	lab_send(lab->client, "more", 4);
	lab_settle(lab);
	lab_send(lab->database, "S", 1);
	lab_expect_fatal(lab, lab->client, "08P01", "it sends more");
	close(before);
}

static void
a_silent_client_is_closed(void **state)
{
	struct lab *lab = *state;

	lab->cfg.startup_timeout_ms = 100;
	lab_connect(lab);
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
	lab_wait_gone(lab, 1);
	assert_true(lab_has_logged(lab, "stage=client_timeout"));
	lab_connect(lab);
	lab_send(lab->client, STARTUP, sizeof STARTUP - 3);
	lab_expect_fatal(lab, lab->client, "57P03",
	    "the client sent no complete startup packet within 100 ms");
}

static void
a_probe_is_hardly_mentioned(void **state)
{
	struct lab *lab = *state;

	lab_connect(lab);
	close(lab->client);
	lab->client = -1;
	lab_wait_gone(lab, 1);
	assert_true(lab_has_logged(lab,
	    "debug: client closed client=1 connection=staging "
	    "peer=192.0.2.7 how=probe probes=1"));
	assert_false(lab_has_logged(lab, "info:"));
	assert_false(lab_has_logged(lab, "warning:"));
}

/* --- In a session --------------------------------------------------------- */

static void
lose_database(struct lab *lab)
{
	sockets_reset(lab->database);
	lab->database = -1;
}

static void
a_busy_session_gets_an_error_and_ready_for_query(void **state)
{
	struct lab *lab = *state;

	lab_log_in(lab, BYTES(READY));
	lab_send(lab->client, BYTES(QUERY));
	lab_expect(lab, lab->database, BYTES(QUERY));
	lab_send(lab->database, BYTES(ROW));
	lab_expect(lab, lab->client, BYTES(ROW));
	lose_database(lab);
	lab_expect_fatal(lab, lab->client, "08006",
	    "Mterminating connection: pgjump: db.example:5432 closed the "
	    "connection from jump box jump.example:22");
	lab_expect(lab, lab->client, BYTES(READY));
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
	shutdown(lab->client, SHUT_WR);
	lab_wait_gone(lab, 1);
	assert_true(lab_has_logged(lab, "stage=db_closed moment=busy"));
}

/* A FATAL would make lib/pq run the statement a second time. */
static void
a_busy_extended_session_gets_no_fatal(void **state)
{
	struct lab *lab = *state;

	lab_log_in(lab, BYTES(READY));
	lab_send(lab->client, BYTES("P\0\0\0\5\0S\0\0\0\4"));
	lab_expect(lab, lab->database, BYTES("P\0\0\0\5\0S\0\0\0\4"));
	lose_database(lab);
	lab_expect_error(lab, lab->client, "ERROR", "08006",
	    "Mterminating connection: pgjump: ");
	lab_expect(lab, lab->client, BYTES(READY));
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
}

/* At 'I' psycopg and pgjdbc take a commit for done without asking. */
static void
a_transaction_is_told_that_it_failed(void **state)
{
	struct lab *lab = *state;

	lab_log_in(lab, BYTES(READY_IN));
	lab_send(lab->client, BYTES(QUERY));
	lab_expect(lab, lab->database, BYTES(QUERY));
	lose_database(lab);
	lab_expect_fatal(lab, lab->client, "08006",
	    "Mterminating connection: pgjump: ");
	lab_expect(lab, lab->client, BYTES(READY_FAILED));
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
}

static void
an_end_with_a_query_in_flight_is_no_end(void **state)
{
	struct lab *lab = *state;

	lab_log_in(lab, BYTES(READY));
	lab_send(lab->client, BYTES(QUERY));
	lab_expect(lab, lab->database, BYTES(QUERY));
	shutdown(lab->database, SHUT_WR);
	lab_expect_fatal(lab, lab->client, "08006", "[db_closed]");
	lab_expect(lab, lab->client, BYTES(READY));
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
}

static void
an_idle_session_gets_an_error_alone(void **state)
{
	struct lab *lab = *state;

	lab_log_in(lab, BYTES(READY));
	lose_database(lab);
	lab_expect_fatal(lab, lab->client, "57P01",
	    "Mterminating connection: pgjump: ");
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
}

static void
a_session_that_is_not_up_gets_57P03(void **state)
{
	struct lab *lab = *state;

	lab_log_in(lab, BYTES("S\0\0\0\10a\0b\0"));
	lose_database(lab);
	lab_expect_fatal(lab, lab->client, "57P03",
	    "Mpgjump: tunnel is up, database failed: ");
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
}

static void
a_cut_message_ends_in_a_reset(void **state)
{
	struct lab *lab = *state;

	lab_log_in(lab, BYTES(READY));
	lab_send(lab->client, BYTES(QUERY));
	lab_expect(lab, lab->database, BYTES(QUERY));
	lab_send(lab->database, BYTES("D\0\0\0\10ab"));
	lab_expect(lab, lab->client, BYTES("D\0\0\0\10ab"));
	lose_database(lab);
	assert_int_equal(lab_expect_end(lab, lab->client), ECONNRESET);
}

static void
the_database_s_fatal_is_the_last_word(void **state)
{
	static const char fatal[] = "E\0\0\0\25SFATAL\0C57P01\0M\0";
	struct lab *lab = *state;

	lab_log_in(lab, BYTES(READY));
	lab_send(lab->client, BYTES(QUERY));
	lab_expect(lab, lab->database, BYTES(QUERY));
	lab_send(lab->database, fatal, sizeof fatal);
	shutdown(lab->database, SHUT_WR);
	lab_expect(lab, lab->client, fatal, sizeof fatal);
	assert_int_equal(lab_expect_end(lab, lab->client), 0);
	shutdown(lab->client, SHUT_WR);
	lab_wait_gone(lab, 1);
	assert_true(lab_has_logged(lab, "sqlstate=57P01 to_database="));
}

/* --- Stopping ------------------------------------------------------------- */

static void
draining_ends_who_is_at_rest(void **state)
{
	struct lab *lab = *state;
	int idle, busy, database;

	lab_log_in(lab, BYTES(READY));
	idle = lab->client;
	database = lab->database;
	lab->database = -1;
	lab_log_in(lab, BYTES(READY_IN));
	busy = lab->client;
	lab_connect(lab);
	clients_drain(lab->clients, FAIL_SHUTDOWN);
	lab_expect_fatal(lab, idle, "57P01",
	    "terminating connection: pgjump: pgjump is shutting down");
	assert_int_equal(lab_expect_end(lab, idle), 0);
	lab_send(lab->client, BYTES(STARTUP));
	lab_expect_fatal(lab, lab->client, "57P03", "[shutdown]");
	lab_expect_silence(lab, busy);
	lab_send(lab->database, BYTES(READY));
	lab_expect(lab, busy, BYTES(READY));
	lab_expect_fatal(lab, busy, "57P01", "[shutdown]");
	close(idle);
	close(busy);
	close(database);
	shutdown(lab->client, SHUT_WR);
	lab_wait_gone(lab, 3);
	assert_int_equal(clients_count(lab->clients), 0);
}

static void
closing_ends_everybody_at_once(void **state)
{
	struct lab *lab = *state;
	int busy, starting;

	lab_log_in(lab, BYTES(READY));
	busy = lab->client;
	lab_send(busy, BYTES(QUERY));
	lab_expect(lab, lab->database, BYTES(QUERY));
	lab_connect(lab);
	starting = lab->client;
	lab_send(starting, BYTES(STARTUP));
	lab_wait_open(lab);
	lab_connect(lab);
	clients_close(lab->clients);
	lab->clients = NULL;
	lab_expect_fatal(lab, busy, "08006", "[shutdown]");
	lab_expect(lab, busy, BYTES(READY));
	assert_int_equal(lab_expect_end(lab, busy), 0);
	assert_int_equal(lab->jump.dropped, 1);
	close(busy);
	close(starting);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, lab_set_up, lab_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_session_goes_through),
		TEST(the_originator_is_the_client),
		TEST(no_forward_is_opened_before_the_packet_is_complete),
		TEST(tls_passes_through),
		TEST(direct_tls_passes_through),
		TEST(negotiations_may_follow_each_other),
		TEST(gss_encryption_is_opaque),
		TEST(a_client_may_leave_tls_after_its_database),
		TEST(the_database_s_own_error_passes_untouched),
		TEST(a_cancel_is_delivered_even_if_its_sender_is_gone),
		TEST(a_cancel_that_fails_is_closed_silently),
		TEST(a_cancel_is_over_when_the_database_has_closed),
		TEST(a_cancel_is_over_when_its_time_is),
		TEST(a_cancel_cut_off_is_closed_silently),
		TEST(a_cancel_after_a_no_to_tls_needs_no_turn),
		TEST(more_cancels_wait_for_their_turn),
		TEST(each_client_makes_room_for_a_cancel),
		TEST(a_cancel_waits_no_longer_than_it_has_time),
		TEST(a_cancel_that_may_not_even_wait_is_closed),
		TEST(a_startup_gets_the_text_at_once),
		TEST(a_newer_protocol_gets_the_text_first),
		TEST(an_ssl_request_gets_the_text_inside_tls),
		TEST(a_gssenc_request_is_answered_no),
		TEST(direct_tls_gets_the_text_inside_tls),
		TEST(direct_tls_of_another_protocol_gets_alert_120),
		TEST(a_client_that_rejects_the_certificate_is_logged),
		TEST(the_text_is_still_told_after_the_database_s_yes),
		TEST(a_database_that_does_not_know_gssenc_is_asked_anew),
		TEST(a_login_in_answer_to_a_gssenc_request_is_begun_anew),
		TEST(bad_answers_are_named),
		TEST(a_database_that_greets_first_is_no_postgres),
		TEST(a_silent_database_is_named_in_time),
		TEST(silence_to_a_gssenc_request_is_named),
		TEST(a_server_that_stops_in_an_error_was_not_silent),
		TEST(a_request_for_tls_waits_as_long_as_it_is_told),
		TEST(deadlines_are_those_of_real_clients),
		TEST(a_storm_of_clients_is_slowed_down),
		TEST(a_client_that_leaves_gives_its_request_back),
		TEST(a_full_connection_says_so),
		TEST(a_place_is_given_back),
		TEST(a_stranger_is_told_in_the_protocol),
		TEST(http_gets_a_line),
		TEST(noise_is_closed),
		TEST(a_malformed_packet_is_told),
		TEST(a_second_request_for_encryption_is_refused),
		TEST(a_request_for_encryption_in_tls_is_refused),
		TEST(bytes_before_the_answer_are_refused),
		TEST(a_silent_client_is_closed),
		TEST(a_probe_is_hardly_mentioned),
		TEST(a_busy_session_gets_an_error_and_ready_for_query),
		TEST(a_busy_extended_session_gets_no_fatal),
		TEST(a_transaction_is_told_that_it_failed),
		TEST(an_end_with_a_query_in_flight_is_no_end),
		TEST(an_idle_session_gets_an_error_alone),
		TEST(a_session_that_is_not_up_gets_57P03),
		TEST(a_cut_message_ends_in_a_reset),
		TEST(the_database_s_fatal_is_the_last_word),
		TEST(draining_ends_who_is_at_rest),
		TEST(closing_ends_everybody_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
