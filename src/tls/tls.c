/* SPDX-License-Identifier: PostgreSQL */

/*
 * OpenSSL between two memory BIOs.  Their memory grows with what passes and is
 * released afterwards, so that an idle session is small.
 */
#include "tls/tls.h"

#include <openssl/bio.h>
#include <openssl/buffer.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/xmalloc.h"
#include "key/openssl.h"

/* An empty buffer keeps this much at most. */
#define KEPT_MAX 1024

/* Of a record (RFC 8446, 5.1). */
#define HEADER_LEN 5

const unsigned char tls_alpn[] = "\012postgresql";
_Static_assert(sizeof tls_alpn - 1 == TLS_ALPN_LEN, "without its NUL");

struct tls {
	SSL *ssl;
	BIO *in, *out; /* owned by ssl */
	const char *peer;
	void *owner;
	int alert;
	char words[200];
};

static void
on_info(const SSL *ssl, int where, int value)
{
	struct tls *tls = SSL_get_app_data(ssl);

	if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT ||
	    (value & 0xff) == SSL_AD_CLOSE_NOTIFY)
		return;
	tls->alert = value & 0xff;
	snprintf(tls->words, sizeof tls->words, "%s sent alert: %s", tls->peer,
	    SSL_alert_desc_string_long(value));
}

void
tls_set_rules(SSL_CTX *ctx)
{
	openssl_must(SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1);
	openssl_must(SSL_CTX_set_num_tickets(ctx, 0) == 1);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_info_callback(ctx, on_info);
}

struct tls *
tls_new(SSL_CTX *ctx, const char *peer)
{
	struct tls *tls = xcalloc(1, sizeof *tls);

	tls->peer = peer;
	tls->alert = -1;
	tls->ssl = SSL_new(ctx);
	tls->in = BIO_new(BIO_s_mem());
	tls->out = BIO_new(BIO_s_mem());
	openssl_must(tls->ssl != NULL && tls->in != NULL && tls->out != NULL);
	SSL_set_app_data(tls->ssl, tls);
	SSL_set_bio(tls->ssl, tls->in, tls->out);
	if (SSL_is_server(tls->ssl))
		SSL_set_accept_state(tls->ssl);
	else
		SSL_set_connect_state(tls->ssl);
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

SSL *
tls_ssl(const struct tls *tls)
{
	return tls->ssl;
}

void
tls_set_owner(struct tls *tls, void *owner)
{
	tls->owner = owner;
}

void *
tls_owner(const SSL *ssl)
{
	const struct tls *tls = SSL_get_app_data(ssl);

	return tls->owner;
}

/* --- Bytes of the socket -------------------------------------------------- */

static void
give_back(BIO *bio)
{
	BUF_MEM *held = NULL;

	if (BIO_pending(bio) > 0 || BIO_get_mem_ptr(bio, &held) != 1 ||
	    held->max <= KEPT_MAX)
		return;
	held = BUF_MEM_new();
	openssl_must(
	    held != NULL && BIO_set_mem_buf(bio, held, BIO_CLOSE) == 1);
}

void
tls_feed(struct tls *tls, const void *buf, size_t len)
{
	size_t taken;

	if (len > 0)
		openssl_must(BIO_write_ex(tls->in, buf, len, &taken) == 1 &&
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
		openssl_must(
		    BIO_read_ex(tls->out, drain,
			len < sizeof drain ? len : sizeof drain, &got) == 1);
		len -= got;
	}
	give_back(tls->out);
}

/* --- The session ---------------------------------------------------------- */

/* Keep the reason, unless the peer's alert has told a better one. */
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

/*
 * Until a read has to wait, the input begins with the header of a record: type,
 * version (2), length (2).
 */
bool
tls_holds_record(const struct tls *tls)
{
	char *bytes = NULL;
	long len = BIO_get_mem_data(tls->in, &bytes);
	const unsigned char *header = (const unsigned char *)bytes;

	return SSL_pending(tls->ssl) > 0 ||
	    (len >= HEADER_LEN &&
		len >= HEADER_LEN + (header[3] << 8 | header[4]));
}

ssize_t
tls_read(struct tls *tls, void *buf, size_t len)
{
	size_t got;

	ERR_clear_error();
	if (SSL_read_ex(tls->ssl, buf, len, &got) == 1)
		return (ssize_t)got;
	give_back(tls->in);
	switch (SSL_get_error(tls->ssl, 0)) {
	case SSL_ERROR_WANT_READ:
		return TLS_READ_WAIT;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_READ_END;
	default:
		note_failure(tls);
		return TLS_READ_FAILED;
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

int
tls_alert(const struct tls *tls)
{
	return tls->alert;
}

bool
tls_is_one_certificate(const struct tls *server, const struct tls *client)
{
	const X509 *shown = SSL_get_certificate(server->ssl);
	const X509 *seen = SSL_get0_peer_certificate(client->ssl);

	return shown != NULL && seen != NULL && X509_cmp(shown, seen) == 0;
}
