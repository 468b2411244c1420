/* SPDX-License-Identifier: PostgreSQL */

/*
 * One client as its steps see it: the bytes that were not answered yet, the
 * streams, the fault that ends it.  Private to this district.
 */
#ifndef PGJUMP_CLIENT_CLIENT_H
#define PGJUMP_CLIENT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/fault.h"
#include "base/originator.h"
#include "client/counts.h"
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
	CLIENT_GREETING,    /* pgjump reads its next packet */
	CLIENT_QUEUED,      /* a cancel request waits for its turn */
	CLIENT_OPENING,     /* a forward is opened for it */
	CLIENT_SECURING,    /* TLS begins between pgjump and the database */
	CLIENT_NEGOTIATING, /* SSLRequest or GSSENCRequest was passed on */
	CLIENT_LOGIN,       /* StartupMessage was passed on */
	CLIENT_CHOOSING,    /* its TLS ends here, and it was asked for SCRAM */
	CLIENT_HELLO,       /* ClientHello was passed on */
	CLIENT_RELAYING,
	CLIENT_LEAVING,  /* the session is over: last words, or an RST */
	CLIENT_REFUSING, /* there is no session: the client is told why */
	CLIENT_CLOSED,
};

/* What all clients of one list share. */
struct client_home {
	struct counts counts;
	struct event_base *base;
	struct mailbox *mailbox;
	struct config *cfg;
	const struct config_connection *connection;
	struct gate *gate;
	struct jump *jump;
	struct tls_identity *identity;
	struct tls_client_rules *rules; /* NULL until they are needed */
	void *scratch;
	size_t scratch_len;
	enum failure ends_by; /* why all of them end; FAIL_NONE: they do not */
	/* Run the client's states, because something may have changed. */
	void (*wake)(void *client);
	/* The client is closed: log that, and free it later. */
	void (*retire)(struct client *);
};

/* What a client needs until its session is up; freed then. */
struct client_startup {
	unsigned char kept[PGWIRE_PACKET_MAX]; /* sent, but not answered yet */
	size_t kept_len;
	size_t packet_len;      /* length of `asked`, which begins `kept` */
	size_t forwarded;       /* bytes of `kept` sent to the database */
	enum pgwire_kind asked; /* the packet that is being served */
	bool has_asked_ssl, has_asked_gssenc;
	bool is_in_tls;  /* the database's S was passed on */
	bool is_secured; /* TLS with the database is as ssl_config demands */
	struct tls_client *securing;
	bool was_answered; /* the database has answered something */
	unsigned char answer[PGWIRE_ANSWER_MAX]; /* not passed on yet */
	size_t answer_len;
	int64_t expires_ms; /* deadline of the start-up packet */
	int64_t asked_ms, opened_ms;
	bool is_heard;        /* the database's first byte has come */
	int64_t answer_by_ms; /* deadline of the packet being served */
	/* A tunnel that is silent after this is blamed, not the database. */
	int64_t heard_by_ms;
	int64_t login_ms; /* deadline of the login; 0: not begun */
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
	/*
	 * When an ending session, or a cancel request that was passed on, is
	 * closed at the latest.
	 */
	int64_t end_ms;
	int64_t start_ms;
	bool has_place;   /* it has a place at the gate */
	bool has_arrived; /* the gate counts it, without a place */
	bool is_cancel;   /* it has sent a CancelRequest */
	bool has_ended;   /* its last byte has come, or its socket broke */
	bool is_reset;    /* its socket is to be closed by RST */
	bool is_in_tls, is_database_in_tls; /* TLS that ends at pgjump */
	struct client_startup *startup;     /* NULL once the session is up */
	struct stream *stream, *database;   /* NULL once the relay has them */
	struct jump_request *request;
	struct gate_cancel *cancel; /* NULL: it needs no turn at the gate */
	/*
	 * Is this a cancel request that missed its turn?  If so, the number of
	 * those so far, this one included; else 0.
	 */
	uint64_t missed;
	struct relay *relay;
	struct relay_traffic traffic;
	struct relay_traffic counted; /* what the counts know of it */
	enum count fate;              /* of a cancel request, once known */
	uint64_t lingered_at;         /* traffic.to_database at the last look */
	struct refusal *refusal;
	struct fault *fault; /* NULL: nothing failed */
	const char *how;     /* how it ended, for the log */
};

/* Its address, for the log. */
const char *client_peer(const struct client *);

/* A port probe: the client has connected, and nothing was said either way. */
bool client_is_probe(const struct client *);

/*
 * Tell the gate that the client is no mere arrival any more: it has a place,
 * needs none, or is gone.
 */
void client_settle(struct client *);

/* The fault of this client, made at the first call. */
struct fault *client_fault(struct client *);

/*
 * The client failed before its session was up: record and log the fault, and
 * return the state that tells the client.  A CancelRequest is never answered
 * (PostgreSQL, "Canceling Requests in Progress"), so its client is closed.
 */
enum client_state client_fail(struct client *, enum failure, const char *words,
    ...) __attribute__((format(printf, 3, 4)));

/* The same without words. */
enum client_state client_fail_code(struct client *, enum failure);

/* The same where the fault has its code already. */
enum client_state client_refuse(struct client *);

/* The last line on a client in the log. */
void client_log_closed(struct client *);

/* Free `startup`: a session or a refusal has begun. */
void client_free_startup(struct client *);

/* Fill in the names that every fault of this client carries. */
void client_complete_fault(struct client *);

/* Tell the counts what has passed since the last call. */
void client_count_traffic(struct client *);

/* Close the client; the log says `how` it ended. */
enum client_state client_end(struct client *, const char *how);

/*
 * The next four are faults of the database before the session was up.  It did
 * not answer as PostgreSQL does; quotes client->startup->answer.
 */
enum client_state client_not_postgres(struct client *);

/* It answered with this error, before any login. */
enum client_state client_rejected(struct client *,
    const struct pgwire_error_fields *);

/* It closed the connection, or (`is_lost`) the way to it broke. */
enum client_state client_hung_up(struct client *, bool is_lost);

/* It did not answer by the deadline. */
enum client_state client_silent(struct client *);

#endif
