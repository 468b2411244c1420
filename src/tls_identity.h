/* SPDX-License-Identifier: PostgreSQL */

/*
 * Who pgjump is as a TLS server: a certificate and its key, either made in
 * memory and thrown away, or those of the configuration, and the sessions in
 * which clients are shown it.
 */
#ifndef PGJUMP_TLS_IDENTITY_H
#define PGJUMP_TLS_IDENTITY_H

#include <stdbool.h>

struct config_connection;
struct tls;
struct tls_identity;

/*
 * A self-signed certificate with a fresh key, made in memory.  Shared by all
 * threads once made; aborts where OpenSSL cannot make one.
 */
struct tls_identity *tls_identity_new(void);
void tls_identity_free(struct tls_identity *);

/*
 * One session with a client.  With `direct` (PostgreSQL 17's
 * sslnegotiation=direct) the client must offer ALPN "postgresql", or the
 * handshake ends in alert 120.  It may outlive the identity.
 */
struct tls *tls_identity_accept(struct tls_identity *, bool direct);

#endif
