/* SPDX-License-Identifier: PostgreSQL */

/*
 * One row for each way in which people meet it; the rest keeps the words of
 * OpenSSL.
 */
#include "tls/verdict.h"

#include <openssl/x509_vfy.h>

#include <time.h>

#include "base/failure.h"
#include "tls/certificate.h"

/* What OpenSSL may say of a chain, and how a person would say it. */
static const struct verdict {
	int error;
	const char *words; /* "%s": the issuer of the certificate */
} verdicts[] = {
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
	    "it is self-signed and is not in ssl_config.ca_cert" },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
	    "the issuer is not in ssl_config.ca_cert: %s" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
	    "the issuer is not in ssl_config.ca_cert: %s" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
	    "the issuer's own authority is not in ssl_config.ca_cert: %s" },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
	    "the issuer is not in ssl_config.ca_cert: %s" },
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE,
	    "ssl_config.ca_cert holds another authority of the same name: "
	    "%s" },
	{ X509_V_ERR_CERT_HAS_EXPIRED, NULL },
	{ X509_V_ERR_CERT_NOT_YET_VALID, NULL },
};

static const struct verdict *
find_verdict(int error)
{
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
		if (verdicts[i].error == error)
			return &verdicts[i];
	return NULL;
}

/* The one that is not valid now may be an authority's. */
static void
blame_date(struct fault *fault, X509_STORE_CTX *chain)
{
	const X509 *bad = X509_STORE_CTX_get_current_cert(chain);
	bool is_early = X509_STORE_CTX_get_error(chain) ==
	    X509_V_ERR_CERT_NOT_YET_VALID;
	const ASN1_TIME *time = is_early ? X509_get0_notBefore(bad)
					 : X509_get0_notAfter(bad);
	char date[16] = "?", name[200];
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) == 1)
		strftime(date, sizeof date, "%Y-%m-%d", &tm);
	tls_certificate_subject(X509_get_subject_name(bad), name, sizeof name);
	fault_set(fault, FAIL_DB_TLS_OUTDATED, "%s%s%s %s",
	    X509_STORE_CTX_get_error_depth(chain) > 0 ? "its authority " : "",
	    X509_STORE_CTX_get_error_depth(chain) > 0 ? name : "it",
	    is_early ? " is valid only from" : " expired on", date);
}

void
tls_certificate_blame(X509_STORE_CTX *chain, struct fault *fault)
{
	int error = X509_STORE_CTX_get_error(chain);
	const struct verdict *verdict = find_verdict(error);
	char issuer[256];

	if (verdict == NULL)
		fault_set(fault, FAIL_DB_TLS_UNTRUSTED, "%s",
		    X509_verify_cert_error_string(error));
	else if (verdict->words == NULL)
		blame_date(fault, chain);
	else {
		tls_certificate_subject(X509_get_issuer_name(
					    X509_STORE_CTX_get0_cert(chain)),
		    issuer, sizeof issuer);
		fault_set(fault, FAIL_DB_TLS_UNTRUSTED, verdict->words, issuer);
	}
}
