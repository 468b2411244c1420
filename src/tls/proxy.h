/* SPDX-License-Identifier: PostgreSQL */

/*
 * TLS where pgjump is the client of a proxy: always verified, against
 * proxy_ca_cert or the system's authorities, and for the name of the proxy.
 * Failures are put into words for people; those of OpenSSL end here.
 */
#ifndef PGJUMP_TLS_PROXY_H
#define PGJUMP_TLS_PROXY_H

struct config_proxy;
struct fault;
struct tls;
struct tls_proxy;

/*
 * A session with this proxy, which is borrowed.  NULL with FAIL_PROXY_SETTINGS:
 * the authorities cannot be used.
 */
struct tls_proxy *tls_proxy_new(const struct config_proxy *, struct fault *);

/* Releases what is left; a session that was taken stays.  NULL is fine. */
void tls_proxy_free(struct tls_proxy *);

/* The session, for its handshake: tls_handshake(). */
struct tls *tls_proxy_session(const struct tls_proxy *);

/* Say why the handshake failed: a FAIL_PROXY_TLS_* code and words. */
void tls_proxy_explain(const struct tls_proxy *, struct fault *);

/* After the handshake: the session for what follows; it is the caller's. */
struct tls *tls_proxy_take(struct tls_proxy *);

#endif
