/* SPDX-License-Identifier: PostgreSQL */

/*
 * What OpenSSL says of a chain of certificates that it does not trust, as a
 * person needs it.
 */
#ifndef PGJUMP_TLS_VERDICT_H
#define PGJUMP_TLS_VERDICT_H

struct fault;
struct x509_store_ctx_st; /* X509_STORE_CTX of OpenSSL */

/* Set FAIL_DB_TLS_UNTRUSTED or FAIL_DB_TLS_OUTDATED, with words. */
void tls_certificate_blame(struct x509_store_ctx_st *, struct fault *);

#endif
