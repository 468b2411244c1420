/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whatever names a certificate has, of the database or of who stands between:
 * a host that matches is among them, as bytes or by a pattern, and none with a
 * NUL byte counts; in words all of them are text for a log.  The input is a
 * host name, a line end and a certificate in DER.
 */
#include "fuzz.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "base/xmalloc.h"
#include "tls/certificate.h"

static void
check_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	assert(len < size);
	for (size_t i = 0; i < len; i++)
		assert(text[i] >= ' ' && text[i] <= '~');
}

/* Could this name, read as bytes, stand for the host? */
static bool
stands_for(const ASN1_STRING *name, const char *host)
{
	const char *bytes = (const char *)ASN1_STRING_get0_data(name);
	size_t len = (size_t)ASN1_STRING_length(name), host_len = strlen(host);

	if (len > 2 && memcmp(bytes, "*.", 2) == 0 && host_len > len - 2) {
		host += host_len - (len - 2);
		bytes += 2;
		len -= 2;
		host_len = len;
	}
	return len == host_len && strncasecmp(bytes, host, len) == 0 &&
	    memchr(bytes, '\0', len) == NULL;
}

static bool
has_name(const X509 *certificate, const char *host)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate,
	    NID_subject_alt_name, NULL, NULL);
	const X509_NAME *subject = X509_get_subject_name(certificate);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	bool is_there = at >= 0 &&
	    stands_for(X509_NAME_ENTRY_get_data(
			   X509_NAME_get_entry(subject, at)),
		host);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			is_there |= stands_for(name->d.dNSName, host);
	}
	GENERAL_NAMES_free(names);
	return is_there;
}

static void
read_names(const X509 *certificate, const char *host)
{
	char list[2000], subject[200], small[8];
	unsigned char address[ADDRESS_LEN_MAX];

	tls_certificate_names(certificate, list, sizeof list);
	check_text(list, sizeof list);
	tls_certificate_names(certificate, small, sizeof small);
	check_text(small, sizeof small);
	tls_certificate_subject(X509_get_subject_name(certificate), subject,
	    sizeof subject);
	check_text(subject, sizeof subject);
	tls_certificate_subject(X509_get_issuer_name(certificate), small,
	    sizeof small);
	check_text(small, sizeof small);
	if (tls_certificate_matches(certificate, host))
		assert(address_read(host, address) != 0 ||
		    has_name(certificate, host));
	assert(!tls_certificate_matches(certificate, ""));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *line_end = memchr(data, '\n', len), *at;
	X509 *certificate;
	char *host;

	if (line_end == NULL)
		return 0;
	at = line_end + 1;
	certificate = d2i_X509(NULL, &at, (long)(data + len - at));
	ERR_clear_error();
	if (certificate == NULL)
		return 0;
	host = xstrndup((const char *)data, (size_t)(line_end - data));
	read_names(certificate, host);
	free(host);
	X509_free(certificate);
	return 0;
}
