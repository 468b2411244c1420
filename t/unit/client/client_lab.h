/* SPDX-License-Identifier: PostgreSQL */

/*
 * The clients of one connection between two sockets that the test holds: the
 * far end of the client and that of the database.  Every function that waits
 * turns the event loop, and fails the test when its patience ends.
 */
#ifndef CLIENT_LAB_H
#define CLIENT_LAB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"
#include "client/clients.h"
#include "config/config.h"
#include "fake_jump.h"

/* A text with NULs in it, without the one at its end. */
#define BYTES(text) text, sizeof(text) - 1

#define SSL_REQUEST    "\0\0\0\10\4\322\26\57"
#define GSSENC_REQUEST "\0\0\0\10\4\322\26\60"
#define CANCEL_REQUEST "\0\0\0\20\4\322\26\56pid_key_"
#define STARTUP        "\0\0\0\21\0\3\0\0user\0me\0\0"
#define AUTH_OK        "R\0\0\0\10\0\0\0\0"
#define READY          "Z\0\0\0\5I"
#define READY_IN       "Z\0\0\0\5T"
#define READY_FAILED   "Z\0\0\0\5E"
#define QUERY          "Q\0\0\0\6x\0"
#define ROW            "D\0\0\0\10abcd"
#define COMPLETE       "C\0\0\0\6x\0"

struct tls_peer;

struct lab {
	struct event_base *base;
	struct mailbox *mailbox;
	struct config cfg;
	struct config_jump jump_box;
	struct config_connection connection;
	struct config_network network;
	struct jump jump;
	struct gate *gate;
	struct tls_identity *identity;
	struct clients *clients;
	void *scratch; /* of the clients */
	unsigned gone; /* calls of on_gone */
	uint64_t last_id;
	int client;   /* far end of the last client; -1: none */
	int database; /* far end of the last database; -1: none */
	int log_fd, saved_stderr;
};

/* Fixtures of cmocka. */
int lab_set_up(void **state);
int lab_tear_down(void **state);

/* Connect another client; returns the far end of the one before it. */
int lab_connect(struct lab *);

/* Answer the forward. */
void lab_accept(struct lab *);
void lab_refuse(struct lab *, enum failure, const char *words);

/* Turn the loop until the client asks for a forward. */
void lab_wait_open(struct lab *);
void lab_wait_gone(struct lab *, unsigned gone);

/* Turn the loop until every event that is ready is handled. */
void lab_settle(struct lab *);

void lab_send(int fd, const void *bytes, size_t len);

/* Read the next bytes at this end, which must be these. */
void lab_expect(struct lab *, int fd, const void *bytes, size_t len);

/* Read the end: returns 0 after FIN, else the errno. */
int lab_expect_end(struct lab *, int fd);

/* Check that there is nothing to read. */
void lab_expect_silence(struct lab *, int fd);

/* Read a whole ErrorResponse and check its SQLSTATE and a part of it. */
void lab_expect_error(struct lab *, int fd, const char *severity,
    const char *sqlstate, const char *part);
void lab_expect_fatal(struct lab *, int fd, const char *sqlstate,
    const char *part);

/* TLS of the client over its socket; the handshake returns 1 or -1. */
struct tls_peer *tls_peer_new(struct lab *, bool is_verifying,
    const char *alpn);
void tls_peer_start(struct tls_peer *); /* send its ClientHello */
int tls_peer_handshake(struct tls_peer *);
const char *tls_peer_reason(void); /* why a handshake failed */
void tls_peer_send(struct tls_peer *, const void *bytes, size_t len);
void tls_peer_expect_fatal(struct tls_peer *, const char *sqlstate,
    const char *part);
void tls_peer_free(struct tls_peer *);

/* Begin a session in the clear: startup, authentication, ReadyForQuery. */
void lab_log_in(struct lab *, const char *ready, size_t len);

/* Whether the log of this test contains the text. */
bool lab_has_logged(struct lab *, const char *text);

#endif
