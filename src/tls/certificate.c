/* SPDX-License-Identifier: PostgreSQL */

/*
 * Names are compared as whole strings.  A name with a NUL byte inside matches
 * nothing, since whoever made it hoped that it would be read only up to there.
 */
#include "tls/certificate.h"

#include <openssl/bio.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/address.h"
#include "base/fault.h"
#include "base/text.h"
#include "key/openssl.h"

#define NAME_MAX_LEN 253

/* --- One name ------------------------------------------------------------- */

/*
 * "*.example.com" stands for exactly one more label: neither for example.com
 * nor for a.b.example.com.
 */
static bool
wildcard_matches(const char *pattern, const char *host)
{
	size_t pattern_len = strlen(pattern), host_len = strlen(host);
	const char *rest;

	if (pattern_len < 3 || strncmp(pattern, "*.", 2) != 0 ||
	    pattern_len > host_len)
		return false;
	rest = host + host_len - (pattern_len - 1);
	return strcasecmp(rest, pattern + 1) == 0 &&
	    memchr(host, '.', (size_t)(rest - host)) == NULL;
}

/* Copy the text of a name; false: it is empty, too long or has a NUL byte. */
static bool
copy_name(char name[NAME_MAX_LEN + 1], const ASN1_STRING *string)
{
	size_t len = (size_t)ASN1_STRING_length(string);

	if (len == 0 || len > NAME_MAX_LEN)
		return false;
	memcpy(name, ASN1_STRING_get0_data(string), len);
	name[len] = '\0';
	return strlen(name) == len;
}

static bool
name_matches(const ASN1_STRING *string, const char *host)
{
	char name[NAME_MAX_LEN + 1];

	return copy_name(name, string) &&
	    (strcasecmp(name, host) == 0 || wildcard_matches(name, host));
}

static bool
address_matches(const ASN1_STRING *string, const char *host)
{
	unsigned char address[ADDRESS_LEN_MAX];
	int family = address_read(host, address);
	int len = family == AF_INET ? 4 : ADDRESS_LEN_MAX;

	return family != 0 && ASN1_STRING_length(string) == len &&
	    memcmp(ASN1_STRING_get0_data(string), address, (size_t)len) == 0;
}

/* --- A certificate -------------------------------------------------------- */

static GENERAL_NAMES *
alternative_names(const X509 *certificate)
{
	return X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}

static bool
alternative_matches(const GENERAL_NAME *name, const char *host)
{
	switch (name->type) {
	case GEN_DNS:
		return name_matches(name->d.dNSName, host);
	case GEN_IPADD:
		return address_matches(name->d.iPAddress, host);
	default:
		return false;
	}
}

static const ASN1_STRING *
common_name(const X509 *certificate)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	return at < 0
	    ? NULL
	    : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
}

bool
tls_certificate_matches(const X509 *certificate, const char *host)
{
	GENERAL_NAMES *names = alternative_names(certificate);
	unsigned char address[ADDRESS_LEN_MAX];
	const int type = address_read(host, address) != 0 ? GEN_IPADD : GEN_DNS;
	const ASN1_STRING *common = common_name(certificate);
	bool is_match = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		is_match |= alternative_matches(name, host);
		if (name->type == type)
			common = NULL;
	}
	GENERAL_NAMES_free(names);
	return is_match || (common != NULL && name_matches(common, host));
}

/* --- In words ------------------------------------------------------------- */

static void
append(char *buf, size_t size, const char *text)
{
	size_t len = strlen(buf);

	snprintf(buf + len, size - len, "%s%s", len > 0 ? ", " : "", text);
}

static void
append_address(char *buf, size_t size, const ASN1_STRING *string)
{
	char text[INET6_ADDRSTRLEN];
	int len = ASN1_STRING_length(string);

	if (len != 4 && len != 16)
		return;
	inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(string),
	    text, sizeof text);
	append(buf, size, text);
}

static void
append_name(char *buf, size_t size, const ASN1_STRING *string)
{
	char name[NAME_MAX_LEN + 1], printable[NAME_MAX_LEN + 1];

	if (!copy_name(name, string))
		return;
	text_printable(printable, sizeof printable, name, strlen(name));
	append(buf, size, printable);
}

void
tls_certificate_names(const X509 *certificate, char *buf, size_t size)
{
	GENERAL_NAMES *names = alternative_names(certificate);
	const ASN1_STRING *common = common_name(certificate);

	buf[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			append_name(buf, size, name->d.dNSName);
		else if (name->type == GEN_IPADD)
			append_address(buf, size, name->d.iPAddress);
	}
	GENERAL_NAMES_free(names);
	if (buf[0] == '\0' && common != NULL)
		append_name(buf, size, common);
}

void
tls_certificate_subject(const X509_NAME *name, char *buf, size_t size)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *bytes = NULL;
	long len;

	openssl_must(out != NULL);
	X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253);
	len = BIO_get_mem_data(out, &bytes);
	text_printable(buf, size, bytes, len > 0 ? (size_t)len : 0);
	BIO_free(out);
}

/*
 * OpenSSL's verdicts on a chain, in words for people: before and behind the
 * name of what holds the authorities.
 */
static const struct verdict {
	int error;
	bool is_of_issuer; /* whose name follows */
	const char *before, *behind;
} verdicts[] = {
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, false,
	    "it is self-signed and is not in ", "" },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, true, "the issuer is not in ",
	    ": " },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, true,
	    "the issuer is not in ", ": " },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, true,
	    "the issuer's own authority is not in ", ": " },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, true,
	    "the issuer is not in ", ": " },
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE, true, "",
	    " holds another authority of the same name: " },
};

static const struct verdict *
find_verdict(int error)
{
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
		if (verdicts[i].error == error)
			return &verdicts[i];
	return NULL;
}

/* The certificate whose dates are wrong may be that of an authority. */
static void
blame_date(enum failure outdated, X509_STORE_CTX *chain, struct fault *fault)
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
	fault_set(fault, outdated, "%s%s%s %s",
	    X509_STORE_CTX_get_error_depth(chain) > 0 ? "its authority " : "",
	    X509_STORE_CTX_get_error_depth(chain) > 0 ? name : "it",
	    is_early ? " is valid only from" : " expired on", date);
}

void
tls_certificate_blame(X509_STORE_CTX *chain,
    const struct tls_certificate_rows *rows, struct fault *fault)
{
	int error = X509_STORE_CTX_get_error(chain);
	const struct verdict *verdict = find_verdict(error);
	char issuer[256] = "";

	if (error == X509_V_ERR_CERT_HAS_EXPIRED ||
	    error == X509_V_ERR_CERT_NOT_YET_VALID) {
		blame_date(rows->outdated, chain, fault);
	} else if (verdict == NULL) {
		fault_set(fault, rows->untrusted, "%s",
		    X509_verify_cert_error_string(error));
	} else {
		if (verdict->is_of_issuer)
			tls_certificate_subject(X509_get_issuer_name(
						    X509_STORE_CTX_get0_cert(
							chain)),
			    issuer, sizeof issuer);
		fault_set(fault, rows->untrusted, "%s%s%s%s", verdict->before,
		    rows->authorities, verdict->behind, issuer);
	}
}
