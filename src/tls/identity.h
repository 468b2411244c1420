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

/*
 * tls_cert and tls_key of the connection, which is borrowed and has them.
 * Shared like the other.  Those in files are read again when a file changes;
 * while they are not good, the last good ones are shown, and at first the
 * throwaway one, which is borrowed.
 */
struct tls_identity *tls_identity_open(const struct config_connection *,
    struct tls_identity *throwaway);
void tls_identity_free(struct tls_identity *); /* NULL is fine */

/*
 * One session with a client.  Who offers protocols (ALPN) must offer
 * "postgresql", and with `is_direct` (PostgreSQL 17's sslnegotiation=direct)
 * must offer some, or the handshake ends in alert 120.  It may outlive the
 * identity.
 */
struct tls *tls_identity_accept(struct tls_identity *, bool is_direct);

#endif
