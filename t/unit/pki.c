/* SPDX-License-Identifier: PostgreSQL */

#include "pki.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S (24L * 60 * 60)

static void
must(bool is_done)
{
	if (!is_done)
		abort();
}

static void
extend(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	must(extension != NULL && X509_add_ext(x509, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

static void
name(X509 *x509, const struct pki_wish *wish)
{
	X509_NAME *subject = X509_get_subject_name(x509);

	must(X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC,
		 (const unsigned char *)"Test", -1, -1, 0) == 1);
	if (wish->name != NULL)
		must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
			 (const unsigned char *)wish->name, -1, -1, 0) == 1);
	must(
	    X509_set_issuer_name(x509,
		wish->issuer != NULL ? X509_get_subject_name(wish->issuer->x509)
				     : subject) == 1);
}

static void
limit(X509 *x509, const struct pki_wish *wish)
{
	long from = wish->from_days, until = wish->until_days;

	if (from == 0 && until == 0) {
		from = -1;
		until = 365;
	}
	X509_gmtime_adj(X509_getm_notBefore(x509), from * DAY_S);
	X509_gmtime_adj(X509_getm_notAfter(x509), until * DAY_S);
}

static char *
text_of(BIO *bio)
{
	char *bytes = NULL, *text;
	long len = BIO_get_mem_data(bio, &bytes);

	text = strndup(bytes, (size_t)len);
	BIO_free(bio);
	return text;
}

static void
write_texts(struct pki_cert *cert)
{
	BIO *out = BIO_new(BIO_s_mem());

	must(PEM_write_bio_X509(out, cert->x509) == 1);
	cert->cert_text = text_of(out);
	out = BIO_new(BIO_s_mem());
	must(PEM_write_bio_PrivateKey(out, cert->key, NULL, NULL, 0, NULL,
		 NULL) == 1);
	cert->key_text = text_of(out);
}

struct pki_cert
pki_cert_new(const struct pki_wish *wish)
{
	struct pki_cert cert = { .x509 = X509_new(),
		.key = EVP_EC_gen("P-256") };
	uint32_t serial;

	RAND_bytes((unsigned char *)&serial, sizeof serial);
	X509_set_version(cert.x509, 2);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert.x509), serial);
	name(cert.x509, wish);
	limit(cert.x509, wish);
	X509_set_pubkey(cert.x509, cert.key);
	if (wish->is_authority)
		extend(cert.x509, NID_basic_constraints, "critical,CA:TRUE");
	if (wish->alternatives != NULL)
		extend(cert.x509, NID_subject_alt_name, wish->alternatives);
	must(X509_sign(cert.x509,
		 wish->issuer != NULL ? wish->issuer->key : cert.key,
		 EVP_sha256()) > 0);
	write_texts(&cert);
	return cert;
}

void
pki_cert_clear(struct pki_cert *cert)
{
	X509_free(cert->x509);
	EVP_PKEY_free(cert->key);
	free(cert->cert_text);
	free(cert->key_text);
	*cert = (struct pki_cert){ 0 };
}
