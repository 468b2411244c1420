/* SPDX-License-Identifier: PostgreSQL */

/*
 * The client's lab: real sockets, a real event loop, a real gate and identity,
 * a jump that the test answers.
 */
#include "client_lab.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <event2/event.h>

#include "../sockets.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/socket_stream.h"
#include "base/stream.h"
#include "base/xmalloc.h"
#include "client/gate.h"
#include "pg/pgwire.h"
#include "tls/identity.h"

static void
on_gone(void *arg)
{
	((struct lab *)arg)->gone++;
}

int
lab_set_up(void **state)
{
	struct lab *lab = xcalloc(1, sizeof *lab);
	char name[] = "/tmp/pgjump-test-XXXXXX";
	struct clients_setup setup = { .cfg = &lab->cfg,
		.connection = &lab->connection,
		.jump = &lab->jump,
		.on_gone = on_gone,
		.arg = lab };

	lab->jump_box = (struct config_jump){ .label = "jump.example:22",
		.username = "ubuntu" };
	lab->connection = (struct config_connection){ .name = "staging",
		.label = "db.example:5432",
		.connection_timeout_ms = 60000,
		.ssl_response_timeout_ms = 4000,
		.max_clients = 20,
		.jump = &lab->jump_box };
	lab->cfg.startup_timeout_ms = 60000;
	lab->client = lab->database = -1;
	lab->log_fd = mkstemp(name);
	unlink(name);
	lab->saved_stderr = dup(STDERR_FILENO);
	dup2(lab->log_fd, STDERR_FILENO);
	log_setup(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
	setup.scratch = lab->scratch = xmalloc(CLIENTS_SCRATCH_LEN);
	setup.base = lab->base = event_base_new();
	setup.mailbox = lab->mailbox = mailbox_new(lab->base, NULL);
	setup.gate = lab->gate = gate_new(lab->connection.max_clients);
	setup.identity = lab->identity = tls_identity_new();
	lab->clients = clients_open(&setup);
	*state = lab;
	return 0;
}

int
lab_tear_down(void **state)
{
	struct lab *lab = *state;

	if (lab->clients != NULL)
		clients_close(lab->clients);
	mailbox_close(lab->mailbox);
	mailbox_unref(lab->mailbox);
	free(lab->scratch);
	gate_unref(lab->gate);
	tls_identity_unref(lab->identity);
	event_base_free(lab->base);
	if (lab->client >= 0)
		close(lab->client);
	if (lab->database >= 0)
		close(lab->database);
	dup2(lab->saved_stderr, STDERR_FILENO);
	close(lab->saved_stderr);
	close(lab->log_fd);
	free(lab);
	return 0;
}

static void
turn(struct lab *lab)
{
	event_base_loop(lab->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

void
lab_settle(struct lab *lab)
{
	for (int i = 0; i < 20; i++)
		turn(lab);
}

int
lab_connect(struct lab *lab)
{
	struct sockets pair = sockets_tcp();
	struct sockaddr_in peer = { .sin_family = AF_INET,
		.sin_port = htons(40000),
		.sin_addr = { htonl(0xc0000207) } }; /* 192.0.2.7 */
	int before = lab->client;

	lab->client = pair.far;
	clients_add(lab->clients, pair.near, ++lab->last_id,
	    (struct sockaddr *)&peer);
	return before;
}

void
lab_wait_open(struct lab *lab)
{
	int64_t deadline_ms = clock_ms() + PATIENCE_MS;

	while (lab->jump.answer == NULL) {
		turn(lab);
		assert_true(clock_ms() < deadline_ms);
	}
}

void
lab_accept(struct lab *lab)
{
	struct sockets pair = sockets_tcp();

	lab_wait_open(lab);
	if (lab->database >= 0)
		close(lab->database);
	lab->database = pair.far;
	fake_jump_accept(&lab->jump, socket_stream_open(lab->base, pair.near));
}

void
lab_refuse(struct lab *lab, enum failure code, const char *words)
{
	struct fault fault = { 0 };

	lab_wait_open(lab);
	fault_set(&fault, code, "%s", words);
	fault_name(&fault, "jump.example:22", "ubuntu", "db.example:5432");
	fault_note(&fault, "reached the jump box in 5 ms");
	fake_jump_refuse(&lab->jump, &fault);
}

void
lab_wait_gone(struct lab *lab, unsigned gone)
{
	int64_t deadline_ms = clock_ms() + PATIENCE_MS;

	while (lab->gone < gone) {
		turn(lab);
		assert_true(clock_ms() < deadline_ms);
	}
}

void
lab_send(int fd, const void *bytes, size_t len)
{
	assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
}

/* Wait for something to read; returns what recv() does. */
static ssize_t
receive(struct lab *lab, int fd, void *buf, size_t len)
{
	int64_t deadline_ms = clock_ms() + PATIENCE_MS;
	ssize_t got;

	while ((got = recv(fd, buf, len, 0)) < 0 && errno == EAGAIN) {
		turn(lab);
		assert_true(clock_ms() < deadline_ms);
	}
	return got;
}

static void
receive_all(struct lab *lab, int fd, unsigned char *buf, size_t len)
{
	for (size_t have = 0; have < len;) {
		ssize_t got = receive(lab, fd, buf + have, len - have);

		assert_true(got > 0);
		have += (size_t)got;
	}
}

void
lab_expect(struct lab *lab, int fd, const void *bytes, size_t len)
{
	unsigned char *got = xmalloc(len);

	receive_all(lab, fd, got, len);
	assert_memory_equal(got, bytes, len);
	free(got);
}

int
lab_expect_end(struct lab *lab, int fd)
{
	char byte;
	ssize_t got = receive(lab, fd, &byte, 1);

	assert_true(got <= 0);
	return got == 0 ? 0 : errno;
}

void
lab_expect_silence(struct lab *lab, int fd)
{
	char byte;

	lab_settle(lab);
	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
}

/* The caller has put a NUL behind `body`. */
static void
check_error(const char *body, size_t len, const char *severity,
    const char *sqlstate, const char *part)
{
	struct pgwire_error_fields fields;
	char text[PGWIRE_ERROR_MAX];

	pgwire_error_fields(body, len, &fields);
	assert_string_equal(fields.severity, severity);
	assert_string_equal(fields.sqlstate, sqlstate);
	for (size_t i = 0; i < len; i++)
		text[i] = body[i] != '\0' ? body[i] : '|';
	text[len] = '\0';
	if (strstr(text, part) == NULL)
		fail_msg("no \"%s\" in: %s", part, text);
}

static size_t
body_len(const unsigned char *header)
{
	size_t len = (size_t)header[3] << 8 | header[4];

	assert_int_equal(header[0], 'E');
	assert_in_range(len, 10, PGWIRE_ERROR_MAX - 1);
	return len - 4;
}

void
lab_expect_error(struct lab *lab, int fd, const char *severity,
    const char *sqlstate, const char *part)
{
	unsigned char header[5], body[PGWIRE_ERROR_MAX];
	size_t len;

	receive_all(lab, fd, header, sizeof header);
	len = body_len(header);
	receive_all(lab, fd, body, len);
	check_error((char *)body, len, severity, sqlstate, part);
}

void
lab_expect_fatal(struct lab *lab, int fd, const char *sqlstate,
    const char *part)
{
	lab_expect_error(lab, fd, "FATAL", sqlstate, part);
}

/* --- TLS ------------------------------------------------------------------ */

struct tls_peer {
	struct lab *lab;
	SSL_CTX *ctx;
	SSL *ssl;
};

struct tls_peer *
tls_peer_new(struct lab *lab, bool is_verifying, const char *alpn)
{
	struct tls_peer *client = xcalloc(1, sizeof *client);

	client->lab = lab;
	client->ctx = SSL_CTX_new(TLS_client_method());
	client->ssl = SSL_new(client->ctx);
	SSL_set_fd(client->ssl, lab->client);
	if (is_verifying)
		SSL_set_verify(client->ssl, SSL_VERIFY_PEER, NULL);
	if (alpn != NULL)
		SSL_set_alpn_protos(client->ssl, (const unsigned char *)alpn,
		    (unsigned)strlen(alpn));
	return client;
}

/* Whether to call OpenSSL again after a result; turns the loop before. */
static bool
may_go_on(struct tls_peer *client, int result, int64_t deadline_ms)
{
	int error = SSL_get_error(client->ssl, result);

	turn(client->lab);
	assert_true(clock_ms() < deadline_ms);
	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

void
tls_peer_start(struct tls_peer *client)
{
	ERR_clear_error();
	assert_int_equal(SSL_connect(client->ssl), -1);
}

const char *
tls_peer_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	return reason != NULL ? reason : "";
}

int
tls_peer_handshake(struct tls_peer *client)
{
	int64_t deadline_ms = clock_ms() + PATIENCE_MS;
	int result;

	do {
		ERR_clear_error();
		result = SSL_connect(client->ssl);
	} while (result != 1 && may_go_on(client, result, deadline_ms));
	return result;
}

void
tls_peer_send(struct tls_peer *client, const void *bytes, size_t len)
{
	assert_int_equal(SSL_write(client->ssl, bytes, (int)len), len);
}

static void
tls_receive_all(struct tls_peer *client, unsigned char *buf, size_t len)
{
	int64_t deadline_ms = clock_ms() + PATIENCE_MS;
	int result = 0;

	for (size_t have = 0; have < len; have += (size_t)result) {
		do {
			ERR_clear_error();
			result = SSL_read(client->ssl, buf + have,
			    (int)(len - have));
		} while (result <= 0 && may_go_on(client, result, deadline_ms));
		assert_true(result > 0);
	}
}

void
tls_peer_expect_fatal(struct tls_peer *client, const char *sqlstate,
    const char *part)
{
	unsigned char header[5], body[PGWIRE_ERROR_MAX];
	size_t len;

	tls_receive_all(client, header, sizeof header);
	len = body_len(header);
	tls_receive_all(client, body, len);
	check_error((char *)body, len, "FATAL", sqlstate, part);
}

void
tls_peer_free(struct tls_peer *client)
{
	SSL_free(client->ssl);
	SSL_CTX_free(client->ctx);
	free(client);
}

/* --- More ----------------------------------------------------------------- */

void
lab_log_in(struct lab *lab, const char *ready, size_t len)
{
	lab_connect(lab);
	lab_send(lab->client, BYTES(STARTUP));
	lab_accept(lab);
	lab_expect(lab, lab->database, BYTES(STARTUP));
	lab_send(lab->database, BYTES(AUTH_OK));
	lab_send(lab->database, ready, len);
	lab_expect(lab, lab->client, BYTES(AUTH_OK));
	lab_expect(lab, lab->client, ready, len);
}

bool
lab_has_logged(struct lab *lab, const char *text)
{
	static char log[1024 * 1024];
	ssize_t len = pread(lab->log_fd, log, sizeof log - 1, 0);

	assert_true(len >= 0);
	log[len] = '\0';
	return strstr(log, text) != NULL;
}
