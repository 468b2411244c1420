/* SPDX-License-Identifier: PostgreSQL */

/*
 * Certificates and keys are judged when the configuration is read, also those
 * in files, so that an error shows at start and not at the first client.
 */
#include "config/tls.h"

#include <string.h>

#include "base/secret.h"
#include "config/config.h"
#include "config/fields.h"
#include "config/section.h"
#include "key/tls_pem.h"

#define WHY_MAX 300

/* The options of a certificate and its key, and their values. */
struct pair {
	const struct section *section;
	const char *cert_name, *key_name;
	const struct secret *cert, *key;
};

static void
blame(const struct section *section, const char *name,
    const struct secret *secret, const char *why)
{
	config_section_error(section, name, config_section_place(section, name),
	    "%s: it %s", secret->path != NULL ? "_file" : "", why);
}

/*
 * The text of a certificate; NULL: it was reported when its section was filled.
 */
static char *
load_certificate(const struct secret *cert)
{
	char error[WHY_MAX], *text = secret_load(cert, error, sizeof error);

	if (text != NULL && strstr(text, "-----BEGIN CERTIFICATE") == NULL) {
		secret_free(text);
		return NULL;
	}
	return text;
}

/* Only a warning: each peer decides whether it accepts the date. */
static void
warn_of_date(const struct pair *pair, const char *cert)
{
	char when[WHY_MAX];

	if (tls_pem_is_outdated(cert, when, sizeof when))
		config_section_warning(pair->section, pair->cert_name,
		    config_section_place(pair->section, pair->cert_name),
		    "%s: the certificate %s",
		    pair->cert->path != NULL ? "_file" : "", when);
}

static void
judge_texts(const struct pair *pair, const char *cert, const char *key)
{
	char why[WHY_MAX];

	switch (tls_pem_judge(cert, key, why, sizeof why)) {
	case TLS_PEM_GOOD:
		warn_of_date(pair, cert);
		break;
	case TLS_PEM_BAD_CERT:
		blame(pair->section, pair->cert_name, pair->cert, why);
		break;
	case TLS_PEM_BAD_KEY:
		blame(pair->section, pair->key_name, pair->key, why);
		break;
	}
}

static void
judge_pair(const struct pair *pair)
{
	char error[WHY_MAX], *cert, *key;

	if (config_section_gives(pair->section, pair->cert_name) !=
	    config_section_gives(pair->section, pair->key_name))
		config_section_error(pair->section, pair->cert_name,
		    config_section_gives(pair->section, pair->cert_name)
			? config_section_place(pair->section, pair->cert_name)
			: config_section_place(pair->section, pair->key_name),
		    "and %s must be given together", pair->key_name);
	cert = load_certificate(pair->cert);
	key = secret_load(pair->key, error, sizeof error);
	if (cert != NULL && key != NULL && !secret_is_redacted(pair->key))
		judge_texts(pair, cert, key);
	secret_free(cert);
	secret_free(key);
}

static void
judge_authorities(const struct section *ssl, const struct secret *ca)
{
	char why[WHY_MAX], *text = load_certificate(ca);

	if (text != NULL && !tls_pem_judge_authorities(text, why, sizeof why))
		blame(ssl, "ca_cert", ca, why);
	secret_free(text);
}

/* ssl_config overrides ssl; but if either turns TLS off, TLS is off. */
static void
read_mode(const struct section *section, const struct section *ssl,
    struct config_connection *connection)
{
	bool is_given = config_section_gives(section, "ssl");
	bool is_off = is_given && connection->ssl_mode == SSL_MODE_DISABLE;
	bool is_enabled = true;

	if (config_section_read(ssl, "enabled", &is_enabled) && !is_given)
		connection->ssl_mode = SSL_MODE_REQUIRE;
	config_fields_fill(ssl, connection);
	if (is_off || !is_enabled)
		connection->ssl_mode = SSL_MODE_DISABLE;
}

static bool
is_mode_given(const struct section *section, const struct section *ssl)
{
	return config_section_gives(section, "ssl") ||
	    (ssl != NULL &&
		(config_section_gives(ssl, "mode") ||
		    config_section_gives(ssl, "enabled")));
}

/* A tunnel is encrypted already: inside it TLS is off unless asked for. */
static void
read_terminate(const struct section *section, const struct section *ssl,
    struct config_connection *connection)
{
	if (!config_section_gives(section, "tls_cert"))
		config_section_error(section, "client_tls",
		    config_section_place(section, "client_tls"),
		    ": terminate needs tls_cert and tls_key");
	if (!is_mode_given(section, ssl) && connection->jump != NULL)
		connection->ssl_mode = SSL_MODE_DISABLE;
}

void
config_tls_read(const struct section *section, const struct section *ssl,
    struct config_connection *connection)
{
	if (ssl != NULL) {
		read_mode(section, ssl, connection);
		judge_authorities(ssl, &connection->ca_cert);
		judge_pair(&(struct pair){ ssl, "client_cert", "client_key",
		    &connection->client_cert, &connection->client_key });
	}
	judge_pair(&(struct pair){ section, "tls_cert", "tls_key",
	    &connection->tls_cert, &connection->tls_key });
	if (connection->client_tls == TLS_ENDS_HERE)
		read_terminate(section, ssl, connection);
}
