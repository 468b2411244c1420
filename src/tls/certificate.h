/* SPDX-License-Identifier: PostgreSQL */

/*
 * A server's certificate: whether it is the host's, judged as libpq does
 * ("Client Verification of Server Certificates" in the chapter "libpq" of the
 * PostgreSQL documentation), why its chain is not trusted, and both in words.
 */
#ifndef PGJUMP_TLS_CERTIFICATE_H
#define PGJUMP_TLS_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"

struct X509_name_st; /* X509_NAME of OpenSSL */
struct fault;
struct x509_st;           /* X509 of OpenSSL */
struct x509_store_ctx_st; /* X509_STORE_CTX of OpenSSL */

/*
 * Whether the certificate is for `host`, a name or a numeric address.  Its
 * common name counts only where no alternative name is of the same type.
 */
bool tls_certificate_matches(const struct x509_st *, const char *host);

/* What the certificate is for: "db.example.com, *.db.internal, 10.0.0.5". */
void tls_certificate_names(const struct x509_st *, char *buf, size_t size);

/* "CN=db.example.com,O=Example" */
void tls_certificate_subject(const struct X509_name_st *, char *buf,
    size_t size);

/* How distrust is told: the rows of failure.def, and what holds authorities. */
struct tls_certificate_rows {
	enum failure untrusted, outdated;
	const char *authorities; /* "ssl_config.ca_cert" */
};

/* Say in plain words why OpenSSL does not trust this chain. */
void tls_certificate_blame(struct x509_store_ctx_st *,
    const struct tls_certificate_rows *, struct fault *);

#endif
