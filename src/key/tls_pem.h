/* SPDX-License-Identifier: PostgreSQL */

/*
 * Certificates and their private keys as people paste them: PEM is read even if
 * its line ends were lost or doubled, and what cannot be read is named for what
 * it is.  It trusts nobody, and looks at the clock only to tell what has
 * expired.
 */
#ifndef PGJUMP_KEY_TLS_PEM_H
#define PGJUMP_KEY_TLS_PEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ssl_ctx_st; /* SSL_CTX of OpenSSL */

enum tls_pem_verdict {
	TLS_PEM_GOOD,
	TLS_PEM_BAD_CERT,
	TLS_PEM_BAD_KEY, /* or not the key of the certificate */
};

/*
 * Let the context show the first certificate of `cert`, with the others as its
 * chain, and prove it with `key`.  If a text cannot be used, `why` says what is
 * wrong with it: "is a certificate, not a private key".
 */
enum tls_pem_verdict tls_pem_use(struct ssl_ctx_st *, const char *cert,
    const char *key, char *why, size_t size);

/* Judge a pair without a context. */
enum tls_pem_verdict tls_pem_judge(const char *cert, const char *key, char *why,
    size_t size);

/* Let the context trust every certificate of the text; false: see `why`. */
bool tls_pem_trust(struct ssl_ctx_st *, const char *text, char *why,
    size_t size);

/* The same without a context. */
bool tls_pem_judge_authorities(const char *text, char *why, size_t size);

/*
 * The text as a tool would have written it, for stricter readers; the caller
 * releases it with secret_free().
 */
char *tls_pem_restore(const char *text);

/*
 * Whether the first certificate is not valid now; then `when` says since or
 * until when: "expired on 2026-01-31".
 */
bool tls_pem_is_outdated(const char *cert, char *when, size_t size);

/*
 * When the first of all certificates of the text ends, or the last one, in
 * seconds since 1970; 0: there is none.
 */
int64_t tls_pem_expiry(const char *certs, bool is_last);

#endif
