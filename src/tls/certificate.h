/* SPDX-License-Identifier: PostgreSQL */

/*
 * The names in a certificate, judged as libpq judges them, and in words.  The
 * rules are those of "Client Verification of Server Certificates" in the
 * chapter "libpq" of the PostgreSQL documentation.
 */
#ifndef PGJUMP_TLS_CERTIFICATE_H
#define PGJUMP_TLS_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>

struct X509_name_st; /* X509_NAME of OpenSSL */
struct x509_st;      /* X509 of OpenSSL */

/*
 * Whether the certificate is for `host`, a name or a numeric address.  Its
 * common name counts only where no alternative name is of the same type.
 */
bool tls_certificate_matches(const struct x509_st *, const char *host);

/* Whether `host` is a numeric address. */
bool tls_certificate_is_address(const char *host);

/* What the certificate is for: "db.example.com, *.db.internal, 10.0.0.5". */
void tls_certificate_names(const struct x509_st *, char *buf, size_t size);

/* "CN=db.example.com,O=Example" */
void tls_certificate_subject(const struct X509_name_st *, char *buf,
    size_t size);

#endif
