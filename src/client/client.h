/* SPDX-License-Identifier: PostgreSQL */

/*
 * One client as its states see it: what it has sent and not been answered, the
 * streams, the fault that ends it.  Private to the client_*.c files.
 */
#ifndef PGJUMP_CLIENT_CLIENT_H
#define PGJUMP_CLIENT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/fault.h"
#include "base/originator.h"
#include "client/relay.h"
#include "pg/pgwire.h"

struct client;
struct config;
struct config_connection;
struct event;
struct event_base;
struct gate;
struct gate_cancel;
struct jump;
struct jump_request;
struct mailbox;
struct refusal;
struct stream;
struct tls_client;
struct tls_client_rules;
struct tls_identity;

enum client_state {
	CLIENT_GREETING,    /* its next packet */
	CLIENT_QUEUED,      /* it waits for its turn to cancel */
	CLIENT_OPENING,     /* a forward for it */
	CLIENT_SECURING,    /* TLS between pgjump and the database */
	CLIENT_NEGOTIATING, /* SSLRequest or GSSENCRequest was passed on */
	CLIENT_LOGIN,       /* StartupMessage was passed on */
	CLIENT_CHOOSING,    /* its TLS ends here, and it was asked for SCRAM */
	CLIENT_HELLO,       /* ClientHello was passed on */
	CLIENT_RELAYING,
	CLIENT_LEAVING,  /* a session ends with last words, or without */
	CLIENT_REFUSING, /* no session: it is told why */
	CLIENT_CLOSED,
};

/* What all clients of one list share. */
struct client_home {
	struct event_base *base;
	struct mailbox *mailbox;
	struct config *cfg;
	const struct config_connection *connection;
	struct gate *gate;
	struct jump *jump;
	struct tls_identity *identity;
	struct tls_client_rules *rules; /* NULL: not needed so far */
	void *scratch;
	size_t scratch_len;
	bool is_draining;
	/* Something may have changed for this client: runs its states. */
	void (*wake)(void *client);
};

/* Until the session is up; then given back. */
struct client_startup {
	unsigned char kept[PGWIRE_PACKET_MAX]; /* sent, and not answered */
	size_t kept_len;
	size_t packet_len;      /* of `asked`, at the start of kept */
	size_t forwarded;       /* of kept, to the database */
	enum pgwire_kind asked; /* the packet that is being served */
	bool has_asked_ssl, has_asked_gssenc;
	bool is_in_tls;  /* the database's S was passed on */
	bool is_secured; /* the database, as ssl_config asks */
	struct tls_client *securing;
	bool was_answered; /* the database has answered something */
	unsigned char answer[PGWIRE_ANSWER_MAX]; /* not passed on */
	size_t answer_len;
	int64_t expires_ms; /* the whole start-up packet, since accept */
	int64_t asked_ms, opened_ms;
	int64_t answer_by_ms; /* deadline of what is being served */
	int64_t heard_by_ms;  /* the tunnel must be heard after this */
	int64_t login_ms;     /* deadline of the login; 0: not begun */
};

struct client {
	LIST_ENTRY(client) entry;
	struct client_home *home;
	uint64_t id;
	struct originator peer;
	bool is_local; /* it came by a Unix socket */
	enum client_state state;
	struct event *timer;
	int64_t deadline_ms; /* when the state is run again; 0: never */
	/* The last moment of a session that ends, and of a cancel request that
	 * was passed on. */
	int64_t end_ms;
	int64_t start_ms;
	bool has_place;   /* at the gate */
	bool has_arrived; /* counted there, without a place */
	bool is_cancel;   /* it has sent a CancelRequest */
	bool has_ended;   /* it has sent its last byte, or broke */
	bool is_reset;    /* its socket is to be closed by RST */
	bool is_in_tls, is_database_in_tls; /* with pgjump: terminate */
	struct client_startup *startup;     /* NULL once the session is up */
	struct stream *stream, *database;   /* the relay's, once there is one */
	struct jump_request *request;
	struct gate_cancel *cancel; /* NULL: it needs no turn at the gate */
	uint64_t missed; /* cancel requests that had no turn, with this one; 0:
			  * it is none of them */
	struct relay *relay;
	struct relay_traffic traffic;
	uint64_t lingered_at; /* traffic.to_database when last looked */
	struct refusal *refusal;
	struct fault *fault; /* NULL: nothing failed */
	const char *how;     /* it ended, for the log */
};

/* Its address, for the log. */
const char *client_peer(const struct client *);

/* A port probe: the client has connected, and nothing was said either way. */
bool client_is_probe(const struct client *);

/* At the gate: it has a place, or a session without one, or is gone. */
void client_settle(struct client *);

/* The fault of this client, made when first asked for. */
struct fault *client_fault(struct client *);

/*
 * It failed before its session was up: record, log, and return the state that
 * tells it.  A CancelRequest is never answered, so it is just closed.
 */
enum client_state client_fail(struct client *, enum failure, const char *words,
    ...) __attribute__((format(printf, 3, 4)));

/* The same without words. */
enum client_state client_fail_code(struct client *, enum failure);

/* The same where the fault has its code already. */
enum client_state client_refuse(struct client *);

/* There is a session, or a refusal: what was for the way in is given back. */
void client_free_startup(struct client *);

/* Names and DETAIL that every fault of this client carries. */
void client_complete_fault(struct client *);

/* The session is over, `how` for the log. */
enum client_state client_end(struct client *, const char *how);

/* It said something else; quotes client->startup->answer. */
enum client_state client_not_postgres(struct client *);

/* It answered with this error, before any login. */
enum client_state client_rejected(struct client *,
    const struct pgwire_error_fields *);

/* It closed the connection, or (`is_lost`) the way to it broke. */
enum client_state client_hung_up(struct client *, bool is_lost);

/* It has not answered by the deadline. */
enum client_state client_silent(struct client *);

#endif
