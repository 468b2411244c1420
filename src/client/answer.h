/* SPDX-License-Identifier: PostgreSQL */

/*
 * The steps of a client whose packet has gone to the database: the database's
 * answers are judged until the session begins.
 */
#ifndef PGJUMP_CLIENT_ANSWER_H
#define PGJUMP_CLIENT_ANSWER_H

#include <stdbool.h>

#include "client/client.h"

/* Judge the byte that answers SSLRequest or GSSENCRequest. */
enum client_state client_answer_negotiating(struct client *);

/* Judge the database's first message. */
enum client_state client_answer_login(struct client *);

/* A client whose TLS ends here: does it insist on channel binding? */
enum client_state client_answer_choosing(struct client *);

/* Judge the database's first byte of TLS. */
enum client_state client_answer_direct_tls(struct client *);

/*
 * Begin the session; bytes of either side that were not passed on yet go first.
 * `is_opaque`: the bytes are not messages in the clear.
 */
enum client_state client_answer_relay(struct client *, bool is_opaque);

/* The client sent bytes in the clear which could pass for bytes from TLS. */
enum client_state client_answer_injected(struct client *);

#endif
