/* SPDX-License-Identifier: PostgreSQL */

/*
 * Two contexts with one certificate: one for TLS that a client asked for, one
 * for direct TLS, which insists on ALPN.  The throwaway certificate has a P-256
 * key and never leaves memory.  A session keeps the context it began with, so a
 * new certificate does not disturb it.
 */
#include "tls/identity.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file_stamp.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "key/openssl.h"
#include "key/tls_pem.h"
#include "tls/tls.h"

#define CERTIFICATE_NAME  "pgjump reports a failure"
#define CERTIFICATE_HOSTS "DNS:localhost,IP:127.0.0.1,IP:::1"
#define DAY_S             (24L * 60 * 60)
#define VALID_S           (3650 * DAY_S)

struct contexts {
	SSL_CTX *asked, *direct;
};

struct tls_identity {
	atomic_uint refs;
	char *name;              /* of the connection; NULL: throwaway */
	struct secret cert, key; /* of the configuration */
	pthread_mutex_t mutex;
	struct contexts contexts;
	/* Of the files that were read last. */
	struct file_stamp cert_stamp, key_stamp;
};

/* --- The throwaway certificate -------------------------------------------- */

static void
set_names(X509 *certificate)
{
	X509_NAME *name = X509_get_subject_name(certificate);
	X509_EXTENSION *hosts = X509V3_EXT_conf_nid(NULL, NULL,
	    NID_subject_alt_name, CERTIFICATE_HOSTS);

	openssl_must(
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		(const unsigned char *)CERTIFICATE_NAME, -1, -1, 0) == 1);
	openssl_must(X509_set_issuer_name(certificate, name) == 1);
	openssl_must(
	    hosts != NULL && X509_add_ext(certificate, hosts, -1) == 1);
	X509_EXTENSION_free(hosts);
}

static X509 *
certificate_new(EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	uint32_t serial;

	openssl_must(certificate != NULL);
	openssl_must(RAND_bytes((unsigned char *)&serial, sizeof serial) == 1);
	openssl_must(X509_set_version(certificate, 2) == 1); /* v3 */
	openssl_must(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate),
			 serial) == 1);
	/* Backdate it, since the client's clock may be behind. */
	openssl_must(
	    X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S) != NULL);
	openssl_must(
	    X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_S) != NULL);
	openssl_must(X509_set_pubkey(certificate, key) == 1);
	set_names(certificate);
	openssl_must(X509_sign(certificate, key, EVP_sha256()) > 0);
	return certificate;
}

/* --- Rules ---------------------------------------------------------------- */

/*
 * Select "postgresql", on which libpq 17 insists.  A client that offers other
 * protocols only is meant for another server; it is refused, as by PostgreSQL
 * 17 and as RFC 7301, 3.2 demands.
 */
static int
on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *offered, unsigned offered_len, void *arg)
{
	unsigned char *selected = NULL;
	int found = SSL_select_next_proto(&selected, out_len, tls_alpn,
	    TLS_ALPN_LEN, offered, offered_len);

	(void)ssl, (void)arg;
	*out = selected;
	return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK
					       : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* The extension is a list behind a length of two bytes. */
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

/*
 * OpenSSL does not call on_alpn() when a client offers nothing, so look here.
 */
static int
on_client_hello(SSL *ssl, int *alert, void *arg)
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

	openssl_must(ctx != NULL);
	tls_set_rules(ctx);
	SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
	return ctx;
}

static struct contexts
contexts_new(void)
{
	struct contexts contexts = { context_new(), context_new() };

	SSL_CTX_set_client_hello_cb(contexts.direct, on_client_hello, NULL);
	return contexts;
}

static void
contexts_free(struct contexts *contexts)
{
	SSL_CTX_free(contexts->asked);
	SSL_CTX_free(contexts->direct);
}

/* --- The certificate of the configuration --------------------------------- */

static bool
use_texts(struct contexts *contexts, const char *cert, const char *key,
    char *why, size_t size)
{
	return tls_pem_use(contexts->asked, cert, key, why, size) ==
	    TLS_PEM_GOOD &&
	    tls_pem_use(contexts->direct, cert, key, why, size) == TLS_PEM_GOOD;
}

/* Load the configured pair into the contexts; false: see `why`. */
static bool
use_pair(struct contexts *contexts, const struct tls_identity *identity,
    char *why, size_t size)
{
	char *key = NULL, *cert = secret_load(&identity->cert, why, size);
	bool is_good = false;

	if (cert != NULL)
		key = secret_load(&identity->key, why, size);
	if (key != NULL)
		is_good = use_texts(contexts, cert, key, why, size);
	secret_free(cert);
	secret_free(key);
	return is_good;
}

/*
 * The stamps were taken before the files are read, so that a change in between
 * is found the next time.
 */
static void
read_pair(struct tls_identity *identity, const struct file_stamp *cert,
    const struct file_stamp *key)
{
	struct contexts contexts = contexts_new();
	char why[400];

	identity->cert_stamp = *cert;
	identity->key_stamp = *key;
	if (use_pair(&contexts, identity, why, sizeof why)) {
		contexts_free(&identity->contexts);
		identity->contexts = contexts;
		return;
	}
	contexts_free(&contexts);
	log_warning("tls_cert and tls_key cannot be used, the last ones are",
	    log_str("connection", identity->name), log_str("error", why));
}

static void
refresh(struct tls_identity *identity)
{
	struct file_stamp cert, key;

	if (identity->name == NULL)
		return;
	cert = file_stamp_of(identity->cert.path);
	key = file_stamp_of(identity->key.path);
	if (!file_stamp_equal(&cert, &identity->cert_stamp) ||
	    !file_stamp_equal(&key, &identity->key_stamp))
		read_pair(identity, &cert, &key);
}

/* --- Life ----------------------------------------------------------------- */

static struct tls_identity *
identity_new(struct contexts take)
{
	struct tls_identity *identity = xcalloc(1, sizeof *identity);

	atomic_init(&identity->refs, 1);
	pthread_mutex_init(&identity->mutex, NULL);
	identity->contexts = take;
	return identity;
}

static void
show(SSL_CTX *ctx, X509 *certificate, EVP_PKEY *key)
{
	openssl_must(SSL_CTX_use_certificate(ctx, certificate) == 1);
	openssl_must(SSL_CTX_use_PrivateKey(ctx, key) == 1);
}

struct tls_identity *
tls_identity_new(void)
{
	struct contexts contexts = contexts_new();
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate;

	openssl_must(key != NULL);
	certificate = certificate_new(key);
	show(contexts.asked, certificate, key);
	show(contexts.direct, certificate, key);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return identity_new(contexts);
}

struct tls_identity *
tls_identity_open(const struct config_connection *connection,
    struct tls_identity *throwaway)
{
	struct contexts *first = &throwaway->contexts;
	struct tls_identity *identity;
	struct file_stamp cert = file_stamp_of(connection->tls_cert.path);
	struct file_stamp key = file_stamp_of(connection->tls_key.path);

	openssl_must(SSL_CTX_up_ref(first->asked) == 1 &&
	    SSL_CTX_up_ref(first->direct) == 1);
	identity = identity_new(*first);
	identity->name = xstrdup(connection->name);
	identity->cert = secret_copy(&connection->tls_cert);
	identity->key = secret_copy(&connection->tls_key);
	read_pair(identity, &cert, &key);
	return identity;
}

struct tls_identity *
tls_identity_ref(struct tls_identity *identity)
{
	atomic_fetch_add(&identity->refs, 1);
	return identity;
}

void
tls_identity_unref(struct tls_identity *identity)
{
	if (identity == NULL || atomic_fetch_sub(&identity->refs, 1) > 1)
		return;
	pthread_mutex_destroy(&identity->mutex);
	contexts_free(&identity->contexts);
	secret_clear(&identity->cert);
	secret_clear(&identity->key);
	free(identity->name);
	free(identity);
}

struct tls *
tls_identity_accept(struct tls_identity *identity, bool is_direct)
{
	struct tls *tls;

	pthread_mutex_lock(&identity->mutex);
	refresh(identity);
	tls = tls_new(is_direct ? identity->contexts.direct
				: identity->contexts.asked,
	    "client");
	pthread_mutex_unlock(&identity->mutex);
	return tls;
}
