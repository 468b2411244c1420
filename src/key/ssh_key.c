/* SPDX-License-Identifier: PostgreSQL */

/*
 * A key from its text: the armour is taken off, the container read, the key
 * proved with libssh2, and its public half described.
 */
#include "key/ssh_key.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "key/base64.h"
#include "key/ssh_certificate.h"
#include "key/ssh_key_openssh.h"
#include "key/ssh_key_pem.h"
#include "key/ssh_key_proof.h"
#include "key/ssh_key_text.h"
#include "key/ssh_wire.h"

/*
 * libssh2 can log in with these types, but not with security keys of an agent.
 */
static const char *const types[] = {
	"ssh-ed25519",
	"ecdsa-sha2-nistp256",
	"ecdsa-sha2-nistp384",
	"ecdsa-sha2-nistp521",
	"ssh-rsa",
	"ssh-ed25519" SSH_CERTIFICATE_SUFFIX,
	"ecdsa-sha2-nistp256" SSH_CERTIFICATE_SUFFIX,
	"ecdsa-sha2-nistp384" SSH_CERTIFICATE_SUFFIX,
	"ecdsa-sha2-nistp521" SSH_CERTIFICATE_SUFFIX,
	"ssh-rsa" SSH_CERTIFICATE_SUFFIX,
};

const char *
ssh_key_type(const unsigned char *blob, size_t len)
{
	struct ssh_wire wire = { blob, len }, name;

	if (ssh_wire_string(&wire, &name))
		for (size_t i = 0; i < sizeof types / sizeof *types; i++)
			if (ssh_wire_is(&name, types[i]))
				return types[i];
	return NULL;
}

void
ssh_key_fingerprint(const unsigned char *blob, size_t len, char out[64])
{
	static const char prefix[] = "SHA256:";
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char *text = out + strlen(prefix);
	struct ssh_wire whole = { blob, len };
	struct ssh_blob key;

	if (ssh_certificate_key(whole, &key))
		SHA256(key.bytes, key.len, digest);
	else
		SHA256(blob, len, digest);
	free(key.bytes);
	memcpy(out, prefix, sizeof prefix);
	text[base64_encode(text, digest, sizeof digest) - 1] = '\0';
}

unsigned
ssh_key_rsa_bits(const unsigned char *blob, size_t len)
{
	struct ssh_wire wire = { blob, len }, type, exponent, modulus;
	unsigned bits;

	if (!ssh_wire_string(&wire, &type) || !ssh_wire_is(&type, "ssh-rsa") ||
	    !ssh_wire_string(&wire, &exponent) ||
	    !ssh_wire_string(&wire, &modulus))
		return 0;
	while (modulus.left > 0 && modulus.at[0] == 0)
		modulus.at++, modulus.left--;
	if (modulus.left == 0)
		return 0;
	bits = (unsigned)modulus.left * 8;
	for (unsigned char top = modulus.at[0]; top < 0x80; top <<= 1)
		bits--;
	return bits;
}

/* Describe the public half, which *key takes.  False: its type is unknown. */
static bool
describe(struct ssh_key *key, struct ssh_blob take)
{
	char *text;

	key->blob = take.bytes;
	key->blob_len = take.len;
	key->type = ssh_key_type(take.bytes, take.len);
	if (key->type == NULL)
		return false;
	ssh_key_fingerprint(take.bytes, take.len, key->fingerprint);
	text = xmalloc(BASE64_TEXT_SIZE(take.len));
	base64_encode(text, take.bytes, take.len);
	key->public_line = xasprintf("%s %s", key->type, text);
	free(text);
	return true;
}

/* Keep the beginning of a long comment. */
static void
keep_comment(struct ssh_key *key, const struct ssh_wire *comment)
{
	size_t len = comment->left;

	if (len > sizeof key->comment - 1)
		len = sizeof key->comment - 1;
	if (len > 0)
		memcpy(key->comment, comment->at, len);
	key->comment[len] = '\0';
}

static enum ssh_key_verdict
read_openssh(const struct ssh_key_text *text, const char *passphrase,
    struct ssh_key *out, struct ssh_blob *blob)
{
	enum ssh_key_verdict verdict;
	struct ssh_key_openssh key;

	verdict = ssh_key_openssh_read(text->body, text->body_len, &key);
	if (verdict != SSH_KEY_GOOD)
		return verdict;
	out->is_encrypted = key.is_encrypted;
	keep_comment(out, &key.comment);
	blob->bytes = xmalloc(key.blob.left);
	blob->len = key.blob.left;
	memcpy(blob->bytes, key.blob.at, key.blob.left);
	return key.is_encrypted && passphrase == NULL ? SSH_KEY_NEEDS_PASSPHRASE
						      : SSH_KEY_GOOD;
}

/* Read what the armour held, then let libssh2 prove it. */
static enum ssh_key_verdict
judge_text(const struct ssh_key_text *text, const char *passphrase,
    struct ssh_key *out, struct ssh_blob *blob)
{
	enum ssh_key_verdict verdict;

	verdict = text->format == SSH_KEY_FORMAT_OPENSSH
	    ? read_openssh(text, passphrase, out, blob)
	    : ssh_key_pem_read(text, passphrase, &out->is_encrypted, blob);
	if (verdict != SSH_KEY_GOOD)
		return verdict;
	if (ssh_key_proof(text->text, out->is_encrypted ? passphrase : NULL,
		blob))
		return SSH_KEY_GOOD;
	return out->is_encrypted ? SSH_KEY_WRONG_PASSPHRASE : SSH_KEY_DAMAGED;
}

enum ssh_key_verdict
ssh_key_judge(const char *text, const char *passphrase, struct ssh_key *key)
{
	struct ssh_blob blob = { 0 };
	struct ssh_key_text repaired;
	enum ssh_key_verdict verdict;
	bool is_known;

	*key = (struct ssh_key){ 0 };
	if (passphrase != NULL && passphrase[0] == '\0')
		passphrase = NULL;
	verdict = ssh_key_text_repair(text, &repaired);
	if (verdict == SSH_KEY_GOOD)
		verdict = judge_text(&repaired, passphrase, key, &blob);
	if (verdict == SSH_KEY_GOOD) {
		is_known = describe(key, blob);
		assert(is_known);
		key->text = repaired.text;
		repaired.text = NULL;
	} else {
		free(blob.bytes);
		*key = (struct ssh_key){ 0 };
	}
	ssh_key_text_clear(&repaired);
	return verdict;
}

bool
ssh_key_public_half(const char *text, struct ssh_blob *out)
{
	struct ssh_key_text repaired;
	struct ssh_key key = { 0 };
	enum ssh_key_verdict verdict = ssh_key_text_repair(text, &repaired);

	*out = (struct ssh_blob){ 0 };
	if (verdict == SSH_KEY_GOOD &&
	    repaired.format == SSH_KEY_FORMAT_OPENSSH)
		read_openssh(&repaired, NULL, &key, out);
	else if (verdict == SSH_KEY_GOOD)
		ssh_key_pem_read(&repaired, NULL, &key.is_encrypted, out);
	ssh_key_text_clear(&repaired);
	return out->bytes != NULL;
}

bool
ssh_key_read_public(const char *text, struct ssh_key *key)
{
	static const char blank[] = " \t\r\n";
	const char *type = text + strspn(text, blank);
	size_t type_len = strcspn(type, blank);
	const char *packed = type + type_len + strspn(type + type_len, " \t");
	size_t packed_len = strcspn(packed, blank);
	struct ssh_blob blob;

	*key = (struct ssh_key){ 0 };
	blob.bytes = xmalloc(BASE64_BYTES_MAX(packed_len));
	if (base64_decode(packed, packed_len, blob.bytes, &blob.len) &&
	    describe(key, blob) && strlen(key->type) == type_len &&
	    memcmp(key->type, type, type_len) == 0)
		return true;
	if (key->blob == NULL) {
		/* What is no public key may be a secret. */
		OPENSSL_cleanse(blob.bytes, BASE64_BYTES_MAX(packed_len));
		free(blob.bytes);
	}
	ssh_key_clear(key);
	return false;
}

bool
ssh_key_is_public(const char *text)
{
	struct ssh_key key;
	bool is_public = ssh_key_read_public(text, &key);

	ssh_key_clear(&key);
	return is_public;
}

void
ssh_key_clear(struct ssh_key *key)
{
	if (key->text != NULL)
		OPENSSL_cleanse(key->text, strlen(key->text));
	free(key->text);
	free(key->public_line);
	free(key->blob);
	*key = (struct ssh_key){ 0 };
}
