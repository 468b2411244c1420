/* SPDX-License-Identifier: PostgreSQL */

/*
 * Certificates made in memory for tests, as PEM texts.
 */
#ifndef PGJUMP_TEST_PKI_H
#define PGJUMP_TEST_PKI_H

#include <openssl/ssl.h>

#include <stdbool.h>

struct pki_cert {
	X509 *x509;
	EVP_PKEY *key;
	char *cert_text, *key_text; /* PEM */
};

struct pki_wish {
	const char *name;              /* CN; NULL: none */
	const char *alternatives;      /* "DNS:a,IP:1.2.3.4"; NULL: none */
	const struct pki_cert *issuer; /* NULL: self-signed */
	bool is_authority;
	long from_days, until_days; /* from now; both 0: for a year */
};

struct pki_cert pki_cert_new(const struct pki_wish *);
void pki_cert_clear(struct pki_cert *);

#endif
