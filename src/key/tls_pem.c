/* SPDX-License-Identifier: PostgreSQL */

/*
 * The armour is taken off here, since OpenSSL's reader wants each line where a
 * tool would put it.  What is inside is left to OpenSSL.
 */
#include "key/tls_pem.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/secret.h"
#include "base/xmalloc.h"
#include "key/base64.h"
#include "key/openssl.h"

#define BEGIN     "-----BEGIN "
#define END       "-----END "
#define DASHES    "-----"
#define LABEL_MAX 40

/* What lies between two lines of dashes. */
struct block {
	char label[LABEL_MAX];
	unsigned char *der; /* NULL: it is not base64 */
	size_t der_len;
	bool is_encrypted;
};

/* --- The armour ----------------------------------------------------------- */

static void
block_clear(struct block *block)
{
	if (block->der != NULL)
		secret_wipe(block->der, block->der_len);
	free(block->der);
	*block = (struct block){ 0 };
}

/* Drop white space, and the two characters of a pasted "\n". */
static char *
squeeze(const char *text, size_t len)
{
	char *out = xmalloc(len + 1);
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\' && i + 1 < len &&
		    (text[i + 1] == 'n' || text[i + 1] == 'r'))
			i++;
		else if (!isspace((unsigned char)text[i]))
			out[used++] = text[i];
	}
	out[used] = '\0';
	return out;
}

static void
decode(struct block *block, const char *text, size_t len)
{
	char *squeezed = squeeze(text, len);
	size_t squeezed_len = strlen(squeezed);

	block->is_encrypted = strstr(squeezed, "ENCRYPTED") != NULL ||
	    strcmp(block->label, "ENCRYPTED PRIVATE KEY") == 0;
	block->der = xmalloc(BASE64_BYTES_MAX(squeezed_len) + 1);
	if (squeezed_len == 0 ||
	    !base64_decode(squeezed, squeezed_len, block->der,
		&block->der_len)) {
		free(block->der);
		block->der = NULL;
		block->der_len = 0;
	}
	secret_free(squeezed);
}

/* Read the next block and move *at behind it; false when there is none. */
static bool
next_block(const char **at, struct block *block)
{
	const char *label = strstr(*at, BEGIN), *body, *end;

	*block = (struct block){ 0 };
	if (label == NULL)
		return false;
	label += strlen(BEGIN);
	body = strstr(label, DASHES);
	if (body == NULL || (size_t)(body - label) >= sizeof block->label)
		return false;
	memcpy(block->label, label, (size_t)(body - label));
	body += strlen(DASHES);
	end = strstr(body, END);
	if (end == NULL)
		return false;
	decode(block, body, (size_t)(end - body));
	*at = end + strlen(END);
	return true;
}

char *
tls_pem_restore(const char *text)
{
	BIO *out = BIO_new(BIO_s_secmem());
	struct block block;
	char *bytes, *restored;
	long len;

	openssl_must(out != NULL);
	while (next_block(&text, &block)) {
		openssl_must(block.der == NULL ||
		    PEM_write_bio(out, block.label, "", block.der,
			(long)block.der_len) > 0);
		block_clear(&block);
	}
	len = BIO_get_mem_data(out, &bytes);
	restored = xstrndup(bytes != NULL ? bytes : "", (size_t)len);
	BIO_free(out);
	return restored;
}

static const char *
openssl_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	ERR_clear_error();
	return reason != NULL ? reason : "not in the right form";
}

/* --- Certificates --------------------------------------------------------- */

static bool
is_certificate(const struct block *block)
{
	return strcmp(block->label, "CERTIFICATE") == 0 ||
	    strcmp(block->label, "X509 CERTIFICATE") == 0;
}

static bool
is_private_key(const struct block *block)
{
	return strstr(block->label, "PRIVATE KEY") != NULL;
}

static X509 *
parse_certificate(const struct block *block)
{
	const unsigned char *at = block->der;

	return block->der != NULL ? d2i_X509(NULL, &at, (long)block->der_len)
				  : NULL;
}

/*
 * Add a certificate to `all`.  For another block say why it is none; false: it
 * is a damaged certificate.
 */
static bool
take_certificate(const struct block *block, STACK_OF(X509) * all, char *why,
    size_t size)
{
	X509 *one;

	if (!is_certificate(block)) {
		if (is_private_key(block))
			snprintf(why, size,
			    "is a private key, not a certificate");
		return true;
	}
	one = parse_certificate(block);
	if (one != NULL)
		return sk_X509_push(all, one) > 0;
	snprintf(why, size, "is damaged: certificate %d: %s",
	    sk_X509_num(all) + 1, openssl_reason());
	return false;
}

/* Parse all certificates of a text, at least one; NULL: see `why`. */
static STACK_OF(X509) *
    parse_certificates(const char *text, char *why, size_t size)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	struct block block;
	bool is_good = true;

	snprintf(why, size, "holds no certificate in PEM form");
	while (is_good && next_block(&text, &block)) {
		is_good = take_certificate(&block, all, why, size);
		block_clear(&block);
	}
	if (is_good && sk_X509_num(all) > 0)
		return all;
	sk_X509_pop_free(all, X509_free);
	return NULL;
}

/* --- Keys ----------------------------------------------------------------- */

/* What is wrong with a block as a private key; NULL: nothing visible. */
static const char *
key_flaw(const struct block *block)
{
	if (is_certificate(block))
		return "is a certificate, not a private key";
	if (strstr(block->label, "PUBLIC KEY") != NULL)
		return "is a public key, not a private key";
	if (strncmp(block->label, "OPENSSH", 7) == 0)
		return "is a key in the form of OpenSSH; TLS needs PKCS#8, "
		       "PKCS#1 or SEC1";
	if (!is_private_key(block))
		return "holds no private key in PEM form";
	if (block->is_encrypted)
		return "is encrypted; give it without a passphrase, from "
		       "openssl pkey";
	return block->der == NULL ? "is damaged: it is not base64" : NULL;
}

static EVP_PKEY *
parse_key_block(const struct block *block, char *why, size_t size)
{
	const unsigned char *at = block->der;
	const char *flaw = key_flaw(block);
	EVP_PKEY *key;

	if (flaw != NULL) {
		snprintf(why, size, "%s", flaw);
		return NULL;
	}
	key = d2i_AutoPrivateKey(NULL, &at, (long)block->der_len);
	if (key == NULL)
		snprintf(why, size, "is damaged: %s", openssl_reason());
	return key;
}

/*
 * Parse the first key of a text, which may also hold its curve or certificates.
 */
static EVP_PKEY *
parse_key(const char *text, char *why, size_t size)
{
	struct block block;
	EVP_PKEY *key = NULL;

	snprintf(why, size, "holds no private key in PEM form");
	while (key == NULL && next_block(&text, &block)) {
		bool is_last = is_private_key(&block);

		key = parse_key_block(&block, why, size);
		block_clear(&block);
		if (is_last)
			break;
	}
	ERR_clear_error();
	return key;
}

/* --- Into a context ------------------------------------------------------- */

static enum tls_pem_verdict
use_key(SSL_CTX *ctx, const char *text, char *why, size_t size)
{
	EVP_PKEY *key = parse_key(text, why, size);
	bool is_good;

	if (key == NULL)
		return TLS_PEM_BAD_KEY;
	is_good = SSL_CTX_use_PrivateKey(ctx, key) == 1 &&
	    SSL_CTX_check_private_key(ctx) == 1;
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (is_good)
		return TLS_PEM_GOOD;
	snprintf(why, size, "is not the key of the certificate");
	return TLS_PEM_BAD_KEY;
}

static enum tls_pem_verdict
use_certificates(SSL_CTX *ctx, const char *text, char *why, size_t size)
{
	STACK_OF(X509) *all = parse_certificates(text, why, size);
	X509 *first;

	if (all == NULL)
		return TLS_PEM_BAD_CERT;
	first = sk_X509_shift(all);
	if (SSL_CTX_use_certificate(ctx, first) == 1 &&
	    SSL_CTX_set1_chain(ctx, all) == 1)
		why[0] = '\0';
	else
		snprintf(why, size, "cannot be used: %s", openssl_reason());
	ERR_clear_error();
	X509_free(first);
	sk_X509_pop_free(all, X509_free);
	return why[0] == '\0' ? TLS_PEM_GOOD : TLS_PEM_BAD_CERT;
}

enum tls_pem_verdict
tls_pem_use(SSL_CTX *ctx, const char *cert, const char *key, char *why,
    size_t size)
{
	enum tls_pem_verdict verdict = use_certificates(ctx, cert, why, size);

	if (verdict == TLS_PEM_GOOD)
		verdict = use_key(ctx, key, why, size);
	return verdict;
}

bool
tls_pem_trust(SSL_CTX *ctx, const char *text, char *why, size_t size)
{
	STACK_OF(X509) *all = parse_certificates(text, why, size);
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);

	if (all == NULL)
		return false;
	for (int i = 0; i < sk_X509_num(all); i++)
		X509_STORE_add_cert(store, sk_X509_value(all, i));
	sk_X509_pop_free(all, X509_free);
	ERR_clear_error(); /* a certificate may be given twice */
	return true;
}

/* --- Judged only ---------------------------------------------------------- */

enum tls_pem_verdict
tls_pem_judge(const char *cert, const char *key, char *why, size_t size)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	enum tls_pem_verdict verdict;

	openssl_must(ctx != NULL);
	verdict = tls_pem_use(ctx, cert, key, why, size);
	SSL_CTX_free(ctx);
	return verdict;
}

bool
tls_pem_judge_authorities(const char *text, char *why, size_t size)
{
	STACK_OF(X509) *all = parse_certificates(text, why, size);

	sk_X509_pop_free(all, X509_free);
	return all != NULL;
}

static void
tell_date(char *when, size_t size, const char *what, const ASN1_TIME *time)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) == 1)
		snprintf(when, size, "%s %04d-%02d-%02d", what,
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	else
		snprintf(when, size, "%s a date that cannot be read", what);
}

bool
tls_pem_is_outdated(const char *cert, char *when, size_t size)
{
	STACK_OF(X509) *all = parse_certificates(cert, when, size);
	const X509 *first;
	bool is_early, is_late;

	if (all == NULL)
		return false;
	first = sk_X509_value(all, 0);
	is_early = X509_cmp_current_time(X509_get0_notBefore(first)) > 0;
	is_late = X509_cmp_current_time(X509_get0_notAfter(first)) < 0;
	if (is_early)
		tell_date(when, size, "is valid only from",
		    X509_get0_notBefore(first));
	if (is_late)
		tell_date(when, size, "expired on", X509_get0_notAfter(first));
	sk_X509_pop_free(all, X509_free);
	return is_early || is_late;
}

/* 0: the date cannot be read. */
static int64_t
seconds_of(const ASN1_TIME *time)
{
	struct tm tm;

	return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

int64_t
tls_pem_expiry(const char *certs, bool is_last)
{
	char why[100];
	STACK_OF(X509) *all = parse_certificates(certs, why, sizeof why);
	int64_t chosen = 0;

	for (int i = 0; all != NULL && i < sk_X509_num(all); i++) {
		int64_t end = seconds_of(
		    X509_get0_notAfter(sk_X509_value(all, i)));

		if (end != 0 &&
		    (chosen == 0 || (is_last ? end > chosen : end < chosen)))
			chosen = end;
	}
	sk_X509_pop_free(all, X509_free);
	return chosen;
}
