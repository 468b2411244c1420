/* SPDX-License-Identifier: PostgreSQL */

/*
 * A client whose TLS ends here (client_tls: terminate): TLS with it, TLS with
 * the database for it, and what cannot be had then, which is SCRAM channel
 * binding: it proves that nobody stands in between.
 */
#ifndef PGJUMP_CLIENT_TLS_H
#define PGJUMP_CLIENT_TLS_H

#include <stdbool.h>

#include "client/client.h"

/* Whether this client's TLS ends here, or would. */
bool client_tls_is_ours(const struct client *);

/* Answer the SSLRequest or GSSENCRequest at the start of what is kept, and
 * begin TLS where it was asked for; false: the client is lost. */
bool client_tls_answer(struct client *, enum pgwire_kind);

/* Direct TLS: what is kept is the beginning of it. */
void client_tls_begin_direct(struct client *);

enum client_tls_status {
	CLIENT_TLS_WAIT,
	CLIENT_TLS_DONE,
	CLIENT_TLS_FAILED, /* client->fault says why */
};

/* Make client->database what ssl_config asks for. */
bool client_tls_is_due(const struct client *);
enum client_tls_status client_tls_secure(struct client *);

/* Of a client in the clear: it must not be offered what only TLS has. */
void client_tls_unbind(struct client *);

/*
 * The client in TLS was asked for SCRAM: has it chosen channel binding, which
 * will fail?  FAILED: it has, and is to be told.
 */
bool client_tls_has_choice(const struct client *);
enum client_tls_status client_tls_choice(struct client *);

#endif
