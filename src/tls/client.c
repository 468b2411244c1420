/* SPDX-License-Identifier: PostgreSQL */

/*
 * The certificate is judged inside OpenSSL's handshake, so that nothing of
 * ours, not even a certificate, goes to a server that is not the database.  The
 * facts about it are kept there, because OpenSSL drops the certificate when the
 * handshake fails.
 */
#include "tls/client.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fault.h"
#include "base/file_stamp.h"
#include "base/secret.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/options.h"
#include "key/openssl.h"
#include "key/tls_pem.h"
#include "pg/pgwire.h"
#include "tls/certificate.h"
#include "tls/tls.h"

#define FILES 3 /* ca_cert, client_cert, client_key */

struct tls_client_rules {
	const struct config_connection *connection;
	SSL_CTX *ctx;
	bool has_ca; /* ca_cert is given */
	struct file_stamp files[FILES];
};

enum step {
	ASKING, /* waiting for the answer to SSLRequest */
	SHAKING,
	DONE,
};

struct tls_client {
	const struct config_connection *connection;
	bool has_ca;
	enum step step;
	enum tls_client_status status; /* once DONE */
	size_t request_sent;           /* of the SSLRequest */
	char answer[2]; /* the answer, and a byte that should not follow */
	size_t answer_len;
	struct tls *tls;
	struct tls_facts facts;
	struct fault verdict; /* on the certificate; no code: good */
};

/* --- The certificate ------------------------------------------------------ */

static void
note_certificate(struct tls_facts *facts, const X509 *certificate)
{
	const ASN1_TIME *end = X509_get0_notAfter(certificate);
	struct tm tm;

	tls_certificate_subject(X509_get_subject_name(certificate),
	    facts->subject, sizeof facts->subject);
	tls_certificate_subject(X509_get_issuer_name(certificate),
	    facts->issuer, sizeof facts->issuer);
	tls_certificate_names(certificate, facts->names, sizeof facts->names);
	if (ASN1_TIME_to_tm(end, &tm) != 1)
		return;
	facts->expires_s = (int64_t)timegm(&tm);
	strftime(facts->expires, sizeof facts->expires, "%Y-%m-%d", &tm);
}

static bool
is_name_wanted(const struct tls_client *client)
{
	enum ssl_mode mode = client->connection->ssl_mode;

	return mode == SSL_MODE_VERIFY_FULL ||
	    (mode == SSL_MODE_VERIFY_CA && !client->has_ca);
}

static void
tell_verified(struct tls_client *client)
{
	struct tls_facts *facts = &client->facts;

	facts->is_verified = client->has_ca || is_name_wanted(client);
	if (!facts->is_verified)
		snprintf(facts->verified, sizeof facts->verified,
		    "not verified: mode %s without ca_cert does not ask",
		    config_options_ssl_mode(client->connection->ssl_mode));
	else
		snprintf(facts->verified, sizeof facts->verified,
		    "signed by %s%s%s",
		    client->has_ca ? "ca_cert" : "an authority of this system",
		    is_name_wanted(client) ? ", issued for " : "",
		    is_name_wanted(client) ? client->connection->host : "");
}

static const struct tls_certificate_rows rows = {
	FAIL_DB_TLS_UNTRUSTED,
	FAIL_DB_TLS_OUTDATED,
	"ssl_config.ca_cert",
};

/* OpenSSL asks whether the chain is good. */
static int
on_chain(X509_STORE_CTX *chain, void *arg)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(chain,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_client *client = tls_owner(ssl);
	const X509 *certificate = X509_STORE_CTX_get0_cert(chain);

	(void)arg;
	note_certificate(&client->facts, certificate);
	if (SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE)
		return 1;
	if (X509_verify_cert(chain) != 1) {
		tls_certificate_blame(chain, &rows, &client->verdict);
		return 0;
	}
	if (is_name_wanted(client) &&
	    !tls_certificate_matches(certificate, client->connection->host)) {
		fault_set(&client->verdict, FAIL_DB_TLS_NAME, "%s",
		    client->facts.names);
		X509_STORE_CTX_set_error(chain, X509_V_ERR_HOSTNAME_MISMATCH);
		return 0;
	}
	return 1;
}

/* --- The rules ------------------------------------------------------------ */

/*
 * Load the text of an option.  NULL: it is not set, or with a fault:
 * unreadable.
 */
static char *
load(const struct secret *secret, const char *name, struct fault *fault)
{
	char error[FAULT_WORDS_MAX], *text;

	if (!secret_is_set(secret))
		return NULL;
	text = secret_load(secret, error, sizeof error);
	if (text == NULL)
		fault_set(fault, FAIL_DB_TLS_SETTINGS, "%s: %s", name, error);
	return text;
}

static void
set_trust(struct tls_client_rules *rules, struct fault *fault)
{
	char why[200],
	    *ca = load(&rules->connection->ca_cert, "ca_cert", fault);

	rules->has_ca = ca != NULL;
	if (ca != NULL && !tls_pem_trust(rules->ctx, ca, why, sizeof why))
		fault_set(fault, FAIL_DB_TLS_SETTINGS, "ca_cert %s", why);
	secret_free(ca);
	if (!rules->has_ca && rules->connection->ssl_mode >= SSL_MODE_VERIFY_CA)
		SSL_CTX_set_default_verify_paths(rules->ctx);
	if (rules->has_ca || rules->connection->ssl_mode >= SSL_MODE_VERIFY_CA)
		SSL_CTX_set_verify(rules->ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(rules->ctx, on_chain, NULL);
}

static void
set_certificate(struct tls_client_rules *rules, struct fault *fault)
{
	char *cert = load(&rules->connection->client_cert, "client_cert",
	    fault);
	char *key = load(&rules->connection->client_key, "client_key", fault);
	char why[200];

	if (cert != NULL && key != NULL)
		switch (tls_pem_use(rules->ctx, cert, key, why, sizeof why)) {
		case TLS_PEM_BAD_CERT:
			fault_set(fault, FAIL_DB_TLS_SETTINGS, "client_cert %s",
			    why);
			break;
		case TLS_PEM_BAD_KEY:
			fault_set(fault, FAIL_DB_TLS_SETTINGS, "client_key %s",
			    why);
			break;
		case TLS_PEM_GOOD:
			break;
		}
	secret_free(cert);
	secret_free(key);
}

static void
stamp_files(const struct config_connection *connection,
    struct file_stamp files[FILES])
{
	files[0] = file_stamp_of(connection->ca_cert.path);
	files[1] = file_stamp_of(connection->client_cert.path);
	files[2] = file_stamp_of(connection->client_key.path);
}

struct tls_client_rules *
tls_client_rules_new(const struct config_connection *connection,
    struct fault *fault)
{
	struct tls_client_rules *rules = xcalloc(1, sizeof *rules);

	rules->connection = connection;
	stamp_files(connection, rules->files);
	rules->ctx = SSL_CTX_new(TLS_client_method());
	openssl_must(rules->ctx != NULL);
	tls_set_rules(rules->ctx);
	openssl_must(
	    SSL_CTX_set_alpn_protos(rules->ctx, tls_alpn, TLS_ALPN_LEN) == 0);
	set_trust(rules, fault);
	set_certificate(rules, fault);
	if (fault->code == FAIL_NONE)
		return rules;
	tls_client_rules_free(rules);
	return NULL;
}

bool
tls_client_rules_are_stale(const struct tls_client_rules *rules)
{
	struct file_stamp now[FILES];

	stamp_files(rules->connection, now);
	for (size_t i = 0; i < FILES; i++)
		if (!file_stamp_equal(&now[i], &rules->files[i]))
			return true;
	return false;
}

void
tls_client_rules_free(struct tls_client_rules *rules)
{
	if (rules == NULL)
		return;
	SSL_CTX_free(rules->ctx);
	free(rules);
}

/* --- One session ---------------------------------------------------------- */

struct tls_client *
tls_client_new(const struct tls_client_rules *rules)
{
	struct tls_client *client = xcalloc(1, sizeof *client);
	const struct config_connection *connection = rules->connection;

	client->connection = connection;
	client->has_ca = rules->has_ca;
	if (connection->ssl_mode == SSL_MODE_DISABLE ||
	    connection->host_kind == CONFIG_HOST_SOCKET) {
		client->step = DONE;
		client->status = TLS_CLIENT_PLAIN;
		return client;
	}
	client->tls = tls_new(rules->ctx, "the database");
	tls_set_owner(client->tls, client);
	/* SNI holds names, not addresses (RFC 6066, 3). */
	if (connection->host_kind == CONFIG_HOST_NAME)
		SSL_set_tlsext_host_name(tls_ssl(client->tls),
		    connection->host);
	return client;
}

void
tls_client_free(struct tls_client *client)
{
	if (client == NULL)
		return;
	tls_free(client->tls);
	free(client);
}

void
tls_client_feed(struct tls_client *client, const void *bytes, size_t len)
{
	const char *answer = bytes;

	for (; client->step == ASKING && len > 0; len--)
		if (client->answer_len < sizeof client->answer)
			client->answer[client->answer_len++] = *answer++;
	if (client->step == SHAKING)
		tls_feed(client->tls, answer, len);
}

size_t
tls_client_output(struct tls_client *client, const void **bytes)
{
	if (client->step == ASKING) {
		*bytes = pgwire_ssl_request + client->request_sent;
		return PGWIRE_SSL_REQUEST_LEN - client->request_sent;
	}
	return client->tls != NULL ? tls_output(client->tls, bytes) : 0;
}

void
tls_client_sent(struct tls_client *client, size_t len)
{
	if (client->step != ASKING) {
		tls_output_sent(client->tls, len);
		return;
	}
	client->request_sent += len;
	assert(client->request_sent <= PGWIRE_SSL_REQUEST_LEN);
}

/* --- Steps ---------------------------------------------------------------- */

static enum tls_client_status
done(struct tls_client *client, enum tls_client_status status)
{
	client->step = DONE;
	client->status = status;
	return status;
}

/*
 * The answer is one byte.  Bytes sent along with it came in the clear, and must
 * not pass for bytes that TLS protects.
 */
static enum tls_client_status
asking(struct tls_client *client, struct fault *fault)
{
	enum ssl_mode mode = client->connection->ssl_mode;

	if (client->answer_len == 0)
		return TLS_CLIENT_WAIT;
	if (client->answer_len == 1 && client->answer[0] == 'S') {
		client->step = SHAKING;
		return tls_client_step(client, fault);
	}
	if (client->answer_len == 1 && client->answer[0] == 'N' &&
	    mode <= SSL_MODE_PREFER)
		return done(client, TLS_CLIENT_PLAIN);
	if (client->answer_len == 1 && client->answer[0] == 'N')
		fault_set(fault, FAIL_DB_TLS_ABSENT, "%s",
		    config_options_ssl_mode(mode));
	else
		fault_set(fault, FAIL_DB_NOT_POSTGRES, "\"%.*s\"",
		    (int)client->answer_len, client->answer);
	return done(client, TLS_CLIENT_FAILED);
}

/* These alerts are about our certificate, or the lack of one. */
static bool
is_about_us(int alert)
{
	return (alert >= SSL_AD_BAD_CERTIFICATE &&
		   alert <= SSL_AD_CERTIFICATE_UNKNOWN) ||
	    alert == SSL_AD_UNKNOWN_CA || alert == SSL_AD_CERTIFICATE_REQUIRED;
}

/*
 * A server that has certificates only for certain names (ssl_sni of PostgreSQL
 * 19) sends alert 112 for an unknown name.  Without a name it sends 40, which
 * may have other causes.
 */
static enum failure
cause_of(const struct tls *tls)
{
	int alert = tls_alert(tls);
	bool is_named = SSL_get_servername(tls_ssl(tls),
			    TLSEXT_NAMETYPE_host_name) != NULL;

	if (alert == SSL_AD_UNRECOGNIZED_NAME && is_named)
		return FAIL_DB_TLS_NAME_UNKNOWN;
	if ((alert == SSL_AD_UNRECOGNIZED_NAME ||
		alert == SSL_AD_HANDSHAKE_FAILURE) &&
	    !is_named)
		return FAIL_DB_TLS_NAMELESS;
	return FAIL_DB_TLS_FAILED;
}

void
tls_client_explain(const struct tls *tls, struct fault *fault)
{
	if (!is_about_us(tls_alert(tls)))
		fault_set(fault, cause_of(tls), "%s", tls_words(tls));
	else if (SSL_get_certificate(tls_ssl(tls)) != NULL)
		fault_set(fault, FAIL_DB_TLS_REJECTED, "%s", tls_words(tls));
	else
		fault_set(fault, FAIL_DB_TLS_REJECTED,
		    "it wants one, and ssl_config.client_cert is not set");
}

static enum tls_client_status
failed(struct tls_client *client, struct fault *fault, const char *words)
{
	if (client->verdict.code != FAIL_NONE)
		fault_set(fault, client->verdict.code, "%s",
		    client->verdict.words);
	else if (tls_alert(client->tls) >= 0)
		tls_client_explain(client->tls, fault);
	else
		fault_set(fault, FAIL_DB_TLS_FAILED, "%s", words);
	return done(client, TLS_CLIENT_FAILED);
}

static enum tls_client_status
ready(struct tls_client *client)
{
	const SSL *ssl = tls_ssl(client->tls);
	struct tls_facts *facts = &client->facts;

	snprintf(facts->version, sizeof facts->version, "%s",
	    SSL_get_version(ssl));
	snprintf(facts->cipher, sizeof facts->cipher, "%s",
	    SSL_get_cipher_name(ssl));
	tell_verified(client);
	return done(client, TLS_CLIENT_READY);
}

static enum tls_client_status
shaking(struct tls_client *client, struct fault *fault)
{
	switch (tls_handshake(client->tls)) {
	case TLS_READY:
		return ready(client);
	case TLS_FAILED:
		return failed(client, fault, tls_words(client->tls));
	case TLS_WAIT:
		break;
	}
	return TLS_CLIENT_WAIT;
}

enum tls_client_status
tls_client_step(struct tls_client *client, struct fault *fault)
{
	switch (client->step) {
	case ASKING:
		return asking(client, fault);
	case SHAKING:
		return shaking(client, fault);
	case DONE:
		break;
	}
	return client->status;
}

void
tls_client_closed(struct tls_client *client, struct fault *fault)
{
	failed(client, fault,
	    client->step == ASKING
		? "it closed the connection on an SSLRequest"
		: "it closed the connection during the TLS handshake");
}

struct tls *
tls_client_take(struct tls_client *client)
{
	struct tls *tls = client->tls;

	assert(client->status == TLS_CLIENT_READY && tls != NULL);
	client->tls = NULL;
	return tls;
}

const struct tls_facts *
tls_client_facts(const struct tls_client *client)
{
	return &client->facts;
}
