/* SPDX-License-Identifier: PostgreSQL */

/*
 * Who pgjump is as a TLS server: a certificate and its key, either made in
 * memory and thrown away or taken from the configuration, and the sessions in
 * which clients see it.
 */
#ifndef PGJUMP_TLS_IDENTITY_H
#define PGJUMP_TLS_IDENTITY_H

#include <stdbool.h>

struct config_connection;
struct tls;
struct tls_identity;

/*
 * A self-signed certificate with a fresh key, made in memory.  All threads may
 * share it.  Aborts if OpenSSL cannot make one.
 */
struct tls_identity *tls_identity_new(void);

/*
 * The tls_cert and tls_key of a connection, which has them and may go away.
 * All threads may share it.  If they are in files, they are read again when a
 * file changes.  While they cannot be used, clients see the last good ones, or
 * at first the throwaway certificate, which is borrowed.
 */
struct tls_identity *tls_identity_open(const struct config_connection *,
    struct tls_identity *throwaway);

/* Both are made with one reference. */
struct tls_identity *tls_identity_ref(struct tls_identity *);
void tls_identity_unref(struct tls_identity *); /* NULL is fine */

/*
 * Start a session with a client.  A client that offers protocols (ALPN) must
 * offer "postgresql".  With `is_direct` (sslnegotiation=direct of PostgreSQL
 * 17) it must offer some, or the handshake ends in alert 120.  The session may
 * outlive the identity.
 */
struct tls *tls_identity_accept(struct tls_identity *, bool is_direct);

#endif
