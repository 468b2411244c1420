/* SPDX-License-Identifier: PostgreSQL */

/*
 * What people give in the place of a certificate are the other files beside it:
 * the key, its public half, the certificate of the host, or one for TLS.
 */
#include "key/ssh_certificate_text.h"

#include <string.h>

#define GIVE "give the line of the file that ends in -cert.pub"

static struct ssh_wire
bytes_of(const struct ssh_key *line)
{
	return (struct ssh_wire){ line->blob, line->blob_len };
}

/* What the text is that is no public key, nor a certificate. */
static const char *
name_other(const char *text)
{
	if (strstr(text, "PRIVATE KEY-----") != NULL)
		return "it is a private key; " GIVE;
	if (strstr(text, "-----BEGIN") != NULL)
		return "it is not a certificate of OpenSSH; " GIVE;
	if (strstr(text, SSH_CERTIFICATE_SUFFIX) != NULL)
		return "it is damaged, or of a type that is not supported; "
		       "copy the certificate of an Ed25519, ECDSA or RSA key "
		       "once more, unchanged";
	return "it is not a certificate; " GIVE;
}

static const char *
judge(const char *text, struct ssh_certificate_text *out)
{
	if (!ssh_key_read_public(text, &out->line))
		return name_other(text);
	if (!ssh_certificate_is(bytes_of(&out->line)))
		return "it is a public key; " GIVE;
	if (!ssh_certificate_read(bytes_of(&out->line), &out->says))
		return "it is damaged; copy the certificate once more, "
		       "unchanged";
	if (out->says.kind != SSH_CERTIFICATE_USER)
		return "it is a certificate for hosts; give one for users, "
		       "which ssh-keygen -s makes without -h";
	return "";
}

const char *
ssh_certificate_text_read(const char *text, struct ssh_certificate_text *out)
{
	const char *wrong;

	*out = (struct ssh_certificate_text){ 0 };
	wrong = judge(text, out);
	if (wrong[0] != '\0')
		ssh_certificate_text_clear(out);
	return wrong;
}

void
ssh_certificate_text_clear(struct ssh_certificate_text *certificate)
{
	ssh_key_clear(&certificate->line);
	*certificate = (struct ssh_certificate_text){ 0 };
}
