/* SPDX-License-Identifier: PostgreSQL */

/*
 * A TLS server between two memory BIOs: what the client sent goes into one,
 * what it must be sent comes out of the other.  The identity is an SSL_CTX
 * with a P-256 key and a self-signed certificate which never leave memory and
 * live as long as the process.
 */
#include "tls.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xmalloc.h"

#define CERTIFICATE_NAME  "pgjump reports a failure"
#define CERTIFICATE_HOSTS "DNS:localhost,IP:127.0.0.1,IP:::1"
#define DAY_S             (24L * 60 * 60)
#define VALID_S           (3650 * DAY_S)

/* The ALPN protocol of PostgreSQL 17, in the form of RFC 7301, 3.1. */
static const unsigned char protocol[] = "\012postgresql";
#define PROTOCOL_LEN (sizeof protocol - 1)

struct tls_identity {
	SSL_CTX *ctx;
};

struct tls {
	SSL *ssl;
	BIO *in, *out; /* owned by ssl */
	bool is_direct;
	char words[200];
};

/* Nothing in the identity fails for a reason that a user could mend. */
static void
must(bool is_done)
{
	if (is_done)
		return;
	ERR_print_errors_fp(stderr);
	abort();
}

/* --- The identity --------------------------------------------------------- */

static void
set_names(X509 *certificate)
{
	X509_NAME *name = X509_get_subject_name(certificate);
	X509_EXTENSION *hosts = X509V3_EXT_conf_nid(NULL, NULL,
	    NID_subject_alt_name, CERTIFICATE_HOSTS);

	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		 (const unsigned char *)CERTIFICATE_NAME, -1, -1, 0) == 1);
	must(X509_set_issuer_name(certificate, name) == 1);
	must(hosts != NULL && X509_add_ext(certificate, hosts, -1) == 1);
	X509_EXTENSION_free(hosts);
}

static X509 *
certificate_new(EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	uint32_t serial;

	must(certificate != NULL);
	must(RAND_bytes((unsigned char *)&serial, sizeof serial) == 1);
	must(X509_set_version(certificate, 2) == 1); /* v3 */
	must(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate),
		 serial) == 1);
	/* Backdated: the client's clock may be behind. */
	must(X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S) != NULL);
	must(X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_S) != NULL);
	must(X509_set_pubkey(certificate, key) == 1);
	set_names(certificate);
	must(X509_sign(certificate, key, EVP_sha256()) > 0);
	return certificate;
}

/* Select "postgresql" where it is offered; libpq 17 insists on it. */
static int
select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *offered, unsigned offered_len, void *arg)
{
	unsigned char *selected = NULL;
	int found = SSL_select_next_proto(&selected, out_len, protocol,
	    PROTOCOL_LEN, offered, offered_len);

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
		if (len - at >= PROTOCOL_LEN &&
		    memcmp(list + at, protocol, PROTOCOL_LEN) == 0)
			return true;
	return false;
}

/* alpn_select_cb is not called when nothing is offered, so look here. */
static int
on_client_hello(SSL *ssl, int *alert, void *arg)
{
	const struct tls *tls = SSL_get_app_data(ssl);

	(void)arg;
	if (!tls->is_direct || offers_protocol(ssl))
		return SSL_CLIENT_HELLO_SUCCESS;
	*alert = SSL_AD_NO_APPLICATION_PROTOCOL;
	return SSL_CLIENT_HELLO_ERROR;
}

static void
on_info(const SSL *ssl, int where, int value)
{
	struct tls *tls = SSL_get_app_data(ssl);

	if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT ||
	    (value & 0xff) == SSL_AD_CLOSE_NOTIFY)
		return;
	snprintf(tls->words, sizeof tls->words, "client sent alert: %s",
	    SSL_alert_desc_string_long(value));
}

static void
set_rules(SSL_CTX *ctx)
{
	must(SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1);
	must(SSL_CTX_set_num_tickets(ctx, 0) == 1);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(ctx, select_protocol, NULL);
	SSL_CTX_set_client_hello_cb(ctx, on_client_hello, NULL);
	SSL_CTX_set_info_callback(ctx, on_info);
}

struct tls_identity *
tls_identity_new(void)
{
	struct tls_identity *identity = xcalloc(1, sizeof *identity);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate;

	must(key != NULL);
	certificate = certificate_new(key);
	identity->ctx = SSL_CTX_new(TLS_server_method());
	must(identity->ctx != NULL);
	must(SSL_CTX_use_certificate(identity->ctx, certificate) == 1);
	must(SSL_CTX_use_PrivateKey(identity->ctx, key) == 1);
	set_rules(identity->ctx);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return identity;
}

void
tls_identity_free(struct tls_identity *identity)
{
	if (identity == NULL)
		return;
	SSL_CTX_free(identity->ctx);
	free(identity);
}

/* --- A conversation ------------------------------------------------------- */

struct tls *
tls_new(struct tls_identity *identity, bool direct)
{
	struct tls *tls = xcalloc(1, sizeof *tls);

	tls->is_direct = direct;
	tls->ssl = SSL_new(identity->ctx);
	tls->in = BIO_new(BIO_s_mem());
	tls->out = BIO_new(BIO_s_mem());
	must(tls->ssl != NULL && tls->in != NULL && tls->out != NULL);
	SSL_set_app_data(tls->ssl, tls);
	SSL_set_bio(tls->ssl, tls->in, tls->out);
	SSL_set_accept_state(tls->ssl);
	return tls;
}

void
tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_free(tls->ssl);
	free(tls);
}

void
tls_feed(struct tls *tls, const void *buf, size_t len)
{
	size_t taken;

	if (len > 0)
		must(BIO_write_ex(tls->in, buf, len, &taken) == 1 &&
		    taken == len);
}

size_t
tls_output(struct tls *tls, const void **buf)
{
	char *bytes = NULL;
	long len = BIO_get_mem_data(tls->out, &bytes);

	*buf = bytes;
	return len > 0 ? (size_t)len : 0;
}

void
tls_output_sent(struct tls *tls, size_t len)
{
	char drain[4096];
	size_t got;

	while (len > 0) {
		must(BIO_read_ex(tls->out, drain,
			 len < sizeof drain ? len : sizeof drain, &got) == 1);
		len -= got;
	}
}

/* Keep why; an alert of the client, already noted, says it best. */
static void
note_failure(struct tls *tls)
{
	unsigned long code = ERR_get_error();
	const char *reason = ERR_reason_error_string(code);

	ERR_clear_error();
	if (tls->words[0] == '\0')
		snprintf(tls->words, sizeof tls->words, "%s",
		    reason != NULL ? reason : "TLS failed");
}

enum tls_status
tls_handshake(struct tls *tls)
{
	int done;

	ERR_clear_error();
	done = SSL_do_handshake(tls->ssl);
	if (done == 1)
		return TLS_READY;
	if (SSL_get_error(tls->ssl, done) == SSL_ERROR_WANT_READ)
		return TLS_WAIT;
	note_failure(tls);
	return TLS_FAILED;
}

ssize_t
tls_read(struct tls *tls, void *buf, size_t len)
{
	size_t got;

	ERR_clear_error();
	if (SSL_read_ex(tls->ssl, buf, len, &got) == 1)
		return (ssize_t)got;
	switch (SSL_get_error(tls->ssl, 0)) {
	case SSL_ERROR_WANT_READ:
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		note_failure(tls);
		return -2;
	}
}

void
tls_write(struct tls *tls, const void *buf, size_t len)
{
	size_t taken;

	ERR_clear_error();
	if (SSL_write_ex(tls->ssl, buf, len, &taken) != 1)
		note_failure(tls);
}

void
tls_finish(struct tls *tls)
{
	ERR_clear_error();
	SSL_shutdown(tls->ssl);
	ERR_clear_error();
}

const char *
tls_words(const struct tls *tls)
{
	return tls->words;
}
