/* SPDX-License-Identifier: PostgreSQL */

/*
 * Two contexts with one certificate: one for TLS that was asked for, one for
 * direct TLS, which insists on ALPN.  The throwaway certificate has a P-256
 * key and never leaves memory.
 */
#include "tls_identity.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tls.h"
#include "xmalloc.h"

#define CERTIFICATE_NAME  "pgjump reports a failure"
#define CERTIFICATE_HOSTS "DNS:localhost,IP:127.0.0.1,IP:::1"
#define DAY_S             (24L * 60 * 60)
#define VALID_S           (3650 * DAY_S)

struct tls_identity {
	SSL_CTX *asked, *direct;
};

/* --- The throwaway certificate -------------------------------------------- */

static void
set_names(X509 *certificate)
{
	X509_NAME *name = X509_get_subject_name(certificate);
	X509_EXTENSION *hosts = X509V3_EXT_conf_nid(NULL, NULL,
	    NID_subject_alt_name, CERTIFICATE_HOSTS);

	tls_must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		     (const unsigned char *)CERTIFICATE_NAME, -1, -1, 0) == 1);
	tls_must(X509_set_issuer_name(certificate, name) == 1);
	tls_must(hosts != NULL && X509_add_ext(certificate, hosts, -1) == 1);
	X509_EXTENSION_free(hosts);
}

static X509 *
certificate_new(EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	uint32_t serial;

	tls_must(certificate != NULL);
	tls_must(RAND_bytes((unsigned char *)&serial, sizeof serial) == 1);
	tls_must(X509_set_version(certificate, 2) == 1); /* v3 */
	tls_must(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate),
		     serial) == 1);
	/* Backdated: the client's clock may be behind. */
	tls_must(
	    X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S) != NULL);
	tls_must(
	    X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_S) != NULL);
	tls_must(X509_set_pubkey(certificate, key) == 1);
	set_names(certificate);
	tls_must(X509_sign(certificate, key, EVP_sha256()) > 0);
	return certificate;
}

/* --- Rules ---------------------------------------------------------------- */

/* Select "postgresql" where it is offered; libpq 17 insists on it. */
static int
select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *offered, unsigned offered_len, void *arg)
{
	unsigned char *selected = NULL;
	int found = SSL_select_next_proto(&selected, out_len, tls_alpn,
	    TLS_ALPN_LEN, offered, offered_len);

	(void)ssl;
	(void)arg;
	*out = selected;
	return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK
					       : SSL_TLSEXT_ERR_NOACK;
}

/* The extension is a list behind its own length of two bytes. */
static bool
offers_protocol(SSL *ssl)
{
	const unsigned char *list;
	size_t len;

	if (SSL_client_hello_get0_ext(ssl,
		TLSEXT_TYPE_application_layer_protocol_negotiation, &list,
		&len) != 1 ||
	    len < 2)
		return false;
	for (size_t at = 2; at < len; at += 1U + list[at])
		if (len - at >= TLS_ALPN_LEN &&
		    memcmp(list + at, tls_alpn, TLS_ALPN_LEN) == 0)
			return true;
	return false;
}

/* alpn_select_cb is not called when nothing is offered, so look here. */
static int
insist_on_protocol(SSL *ssl, int *alert, void *arg)
{
	(void)arg;
	if (offers_protocol(ssl))
		return SSL_CLIENT_HELLO_SUCCESS;
	*alert = SSL_AD_NO_APPLICATION_PROTOCOL;
	return SSL_CLIENT_HELLO_ERROR;
}

static SSL_CTX *
context_new(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	tls_must(ctx != NULL);
	tls_set_rules(ctx);
	SSL_CTX_set_alpn_select_cb(ctx, select_protocol, NULL);
	return ctx;
}

static struct tls_identity *
identity_new(void)
{
	struct tls_identity *identity = xcalloc(1, sizeof *identity);

	identity->asked = context_new();
	identity->direct = context_new();
	SSL_CTX_set_client_hello_cb(identity->direct, insist_on_protocol, NULL);
	return identity;
}

/* --- Life ----------------------------------------------------------------- */

static void
show(SSL_CTX *ctx, X509 *certificate, EVP_PKEY *key)
{
	tls_must(SSL_CTX_use_certificate(ctx, certificate) == 1);
	tls_must(SSL_CTX_use_PrivateKey(ctx, key) == 1);
}

struct tls_identity *
tls_identity_new(void)
{
	struct tls_identity *identity = identity_new();
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate;

	tls_must(key != NULL);
	certificate = certificate_new(key);
	show(identity->asked, certificate, key);
	show(identity->direct, certificate, key);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return identity;
}

void
tls_identity_free(struct tls_identity *identity)
{
	if (identity == NULL)
		return;
	SSL_CTX_free(identity->asked);
	SSL_CTX_free(identity->direct);
	free(identity);
}

struct tls *
tls_identity_accept(struct tls_identity *identity, bool direct)
{
	return tls_new(direct ? identity->direct : identity->asked, "client");
}
