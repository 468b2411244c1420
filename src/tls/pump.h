/* SPDX-License-Identifier: PostgreSQL */

/* TLS with a database over the stream that leads to it. */
#ifndef PGJUMP_TLS_PUMP_H
#define PGJUMP_TLS_PUMP_H

#include "tls/client.h"

struct stream;

/*
 * Take the session as far as the stream allows now: send what is due, read
 * what has come.  TLS_CLIENT_WAIT: call again when the stream is ready.  Result
 * and fault are those of tls_client_step(), or TLS_CLIENT_FAILED with the fault
 * of a stream that has ended.
 */
enum tls_client_status tls_pump(struct tls_client *, struct stream *database,
    struct fault *);

#endif
