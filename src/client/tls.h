/* SPDX-License-Identifier: PostgreSQL */

/*
 * A client whose TLS ends here (client_tls: terminate): TLS with the client,
 * and TLS with the database on its behalf.  SCRAM channel binding is impossible
 * then, because it proves that nobody stands in between.
 */
#ifndef PGJUMP_CLIENT_TLS_H
#define PGJUMP_CLIENT_TLS_H

#include <stdbool.h>

#include "client/client.h"

/* Whether TLS of this client, if it asks for any, ends here. */
bool client_tls_is_ours(const struct client *);

/*
 * Answer the SSLRequest or GSSENCRequest that begins the kept bytes, and begin
 * TLS if the client asked for it.  False: the client is lost.
 */
bool client_tls_answer(struct client *, enum pgwire_kind);

/* Begin direct TLS; the kept bytes are its beginning. */
void client_tls_begin_direct(struct client *);

enum client_tls_status {
	CLIENT_TLS_WAIT,
	CLIENT_TLS_DONE,
	CLIENT_TLS_FAILED, /* client->fault says why */
};

/*
 * Is TLS with the database due, by ssl_config?  If so, do the next part of it;
 * DONE: client->database is a stream of TLS now.
 */
bool client_tls_is_due(const struct client *);
enum client_tls_status client_tls_secure(struct client *);

/*
 * Take channel binding out of the database's offer for a client in the clear,
 * which must not be offered what needs TLS.
 */
void client_tls_unbind(struct client *);

/*
 * The client in TLS was asked for SCRAM.  Has it chosen channel binding, which
 * would fail?  FAILED: it has, and must be told.
 */
bool client_tls_has_choice(const struct client *);
enum client_tls_status client_tls_choice(struct client *);

#endif
