/* SPDX-License-Identifier: PostgreSQL */

/*
 * The certificate is judged inside OpenSSL's handshake, so that no password
 * ever goes to a server that is not the proxy.
 */
#include "tls/proxy.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <stdbool.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/secret.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "key/openssl.h"
#include "key/tls_pem.h"
#include "tls/certificate.h"
#include "tls/tls.h"

struct tls_proxy {
	const struct config_proxy *config;
	struct tls *tls;      /* NULL: taken */
	struct fault verdict; /* on the certificate; no code: good */
};

static void
blame(struct tls_proxy *proxy, X509_STORE_CTX *chain)
{
	const struct tls_certificate_rows rows = {
		FAIL_PROXY_TLS_UNTRUSTED,
		FAIL_PROXY_TLS_OUTDATED,
		secret_is_set(&proxy->config->ca_cert)
		    ? "ssh_tunnel.proxy_ca_cert"
		    : "this system's store of authorities",
	};

	tls_certificate_blame(chain, &rows, &proxy->verdict);
}

/* OpenSSL asks whether the chain is good. */
static int
on_chain(X509_STORE_CTX *chain, void *arg)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(chain,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	const X509 *certificate = X509_STORE_CTX_get0_cert(chain);
	struct tls_proxy *proxy = tls_owner(ssl);
	char names[FAULT_WORDS_MAX];

	(void)arg;
	if (X509_verify_cert(chain) != 1) {
		blame(proxy, chain);
		return 0;
	}
	if (tls_certificate_matches(certificate, proxy->config->host))
		return 1;
	tls_certificate_names(certificate, names, sizeof names);
	fault_set(&proxy->verdict, FAIL_PROXY_TLS_NAME, "%s", names);
	X509_STORE_CTX_set_error(chain, X509_V_ERR_HOSTNAME_MISMATCH);
	return 0;
}

/* False, with the fault: the authorities cannot be used. */
static bool
set_trust(SSL_CTX *ctx, const struct secret *authorities, struct fault *fault)
{
	char why[FAULT_WORDS_MAX];
	char *text = secret_load(authorities, why, sizeof why);
	bool is_trusted = text != NULL &&
	    tls_pem_trust(ctx, text, why, sizeof why);

	if (!secret_is_set(authorities))
		SSL_CTX_set_default_verify_paths(ctx);
	else if (text == NULL)
		fault_set(fault, FAIL_PROXY_SETTINGS, "proxy_ca_cert: %s", why);
	else if (!is_trusted)
		fault_set(fault, FAIL_PROXY_SETTINGS, "proxy_ca_cert %s", why);
	secret_free(text);
	return fault->code == FAIL_NONE;
}

struct tls_proxy *
tls_proxy_new(const struct config_proxy *config, struct fault *fault)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct tls_proxy *proxy = NULL;

	openssl_must(ctx != NULL);
	tls_set_rules(ctx);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, on_chain, NULL);
	if (set_trust(ctx, &config->ca_cert, fault)) {
		proxy = xcalloc(1, sizeof *proxy);
		proxy->config = config;
		proxy->tls = tls_new(ctx, "the proxy");
		tls_set_owner(proxy->tls, proxy);
		/* SNI holds names, not addresses (RFC 6066, 3). */
		if (config_host_kind(config->host) == CONFIG_HOST_NAME)
			SSL_set_tlsext_host_name(tls_ssl(proxy->tls),
			    config->host);
	}
	SSL_CTX_free(ctx);
	return proxy;
}

void
tls_proxy_free(struct tls_proxy *proxy)
{
	if (proxy == NULL)
		return;
	tls_free(proxy->tls);
	free(proxy);
}

struct tls *
tls_proxy_session(const struct tls_proxy *proxy)
{
	return proxy->tls;
}

void
tls_proxy_explain(const struct tls_proxy *proxy, struct fault *fault)
{
	if (proxy->verdict.code != FAIL_NONE)
		fault_set(fault, proxy->verdict.code, "%s",
		    proxy->verdict.words);
	else
		fault_set(fault, FAIL_PROXY_TLS_FAILED, "%s",
		    tls_words(proxy->tls));
}

struct tls *
tls_proxy_take(struct tls_proxy *proxy)
{
	struct tls *tls = proxy->tls;

	proxy->tls = NULL;
	tls_set_owner(tls, NULL);
	return tls;
}
