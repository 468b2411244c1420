/* SPDX-License-Identifier: PostgreSQL */

/*
 * The steps of a client on its way in whose packet was passed on: what the
 * database answers, until its session begins.
 */
#ifndef PGJUMP_CLIENT_ANSWER_H
#define PGJUMP_CLIENT_ANSWER_H

#include <stdbool.h>

#include "client/client.h"

/* One byte, which answers SSLRequest or GSSENCRequest. */
enum client_state client_answer_negotiating(struct client *);

/* The database's first message. */
enum client_state client_answer_login(struct client *);

/* Of a client whose TLS ends here: does it insist on channel binding? */
enum client_state client_answer_choosing(struct client *);

/* The database's first byte of TLS. */
enum client_state client_answer_direct_tls(struct client *);

/*
 * The session begins, with what either side has sent and is not passed on yet.
 * `is_opaque`: its bytes are no messages in the clear.
 */
enum client_state client_answer_relay(struct client *, bool is_opaque);

/* It sent bytes in the clear that might pass for what TLS protects later. */
enum client_state client_answer_injected(struct client *);

#endif
