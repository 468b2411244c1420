/* SPDX-License-Identifier: PostgreSQL */

/* TLS with a database over the stream that leads to it. */
#ifndef PGJUMP_TLS_PUMP_H
#define PGJUMP_TLS_PUMP_H

#include "tls/client.h"

struct stream;

/*
 * Take the session as far as the stream lets it now: send what is due, read
 * what has come.  WAIT: call again when the stream is ready.  The result and
 * the fault are those of tls_client_step(), or FAILED with the fault of a
 * stream that has ended.
 */
enum tls_client_status tls_pump(struct tls_client *, struct stream *database,
    struct fault *);

#endif
