/* SPDX-License-Identifier: PostgreSQL */

/*
 * OpenSSL verifies; this file gives it key and signature in its own forms.  A
 * signature names its algorithm, which must be one of the key's type.  A
 * security key (OpenSSH's PROTOCOL.u2f) signs a digest of the data, beside one
 * of its application and what it says of itself.
 */
#include "key/ssh_verify.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "key/openssl.h"

/* OpenSSH's own bounds, so that nobody makes us compute for long. */
enum {
	RSA_BITS_MIN = 1024,
	RSA_BITS_MAX = 16384,
};

#define SK_ED25519 "sk-ssh-ed25519@openssh.com"
#define SK_ECDSA   "sk-ecdsa-sha2-nistp256@openssh.com"

typedef const EVP_MD *hash_fn(void);

/* A kind of signature, and the type of its key. */
struct algorithm {
	const char *name, *key_type;
	hash_fn *hash; /* NULL: part of the algorithm */
	EVP_PKEY *(*read_key)(const struct algorithm *, struct ssh_wire fields);
	struct ssh_blob (*read_signature)(EVP_PKEY *, struct ssh_wire);
	const char *curve, *group; /* SSH's name, and OpenSSL's */
	int fields; /* of a security key, before its application; else 0 */
};

/* --- Keys ---------------------------------------------------------------- */

static EVP_PKEY *
read_ed25519(const struct algorithm *algorithm, struct ssh_wire fields)
{
	struct ssh_wire point;

	(void)algorithm;
	if (!ssh_wire_string(&fields, &point) || fields.left > 0)
		return NULL;
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, point.at,
	    point.left);
}

/* A public key of these parameters, which it releases; NULL: they are wrong. */
static EVP_PKEY *
make_key(const char *type, OSSL_PARAM_BLD *take_params)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(take_params);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	openssl_must(params != NULL && context != NULL);
	if (EVP_PKEY_fromdata_init(context) <= 0 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(take_params);
	return key;
}

static EVP_PKEY *
read_ecdsa(const struct algorithm *algorithm, struct ssh_wire fields)
{
	struct ssh_wire curve, point;
	OSSL_PARAM_BLD *params;

	if (!ssh_wire_string(&fields, &curve) ||
	    !ssh_wire_is(&curve, algorithm->curve) ||
	    !ssh_wire_string(&fields, &point) || fields.left > 0)
		return NULL;
	params = OSSL_PARAM_BLD_new();
	openssl_must(params != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(params, OSSL_PKEY_PARAM_GROUP_NAME,
		algorithm->group, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(params, OSSL_PKEY_PARAM_PUB_KEY,
		point.at, point.left) == 1);
	return make_key("EC", params);
}

/* A number that is not negative (RFC 4251, 5); NULL: it is, or is too long. */
static BIGNUM *
read_number(struct ssh_wire *wire)
{
	struct ssh_wire bytes;
	BIGNUM *number;

	if (!ssh_wire_string(wire, &bytes) || bytes.left == 0 ||
	    (bytes.at[0] & 0x80) != 0 || bytes.left > RSA_BITS_MAX / 8 + 1)
		return NULL;
	number = BN_bin2bn(bytes.at, (int)bytes.left, NULL);
	openssl_must(number != NULL);
	return number;
}

static EVP_PKEY *
make_rsa(const BIGNUM *e, const BIGNUM *n)
{
	OSSL_PARAM_BLD *params = OSSL_PARAM_BLD_new();

	openssl_must(params != NULL &&
	    OSSL_PARAM_BLD_push_BN(params, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
	    OSSL_PARAM_BLD_push_BN(params, OSSL_PKEY_PARAM_RSA_N, n) == 1);
	return make_key("RSA", params);
}

static EVP_PKEY *
read_rsa(const struct algorithm *algorithm, struct ssh_wire fields)
{
	BIGNUM *e = read_number(&fields);
	BIGNUM *n = e != NULL ? read_number(&fields) : NULL;
	EVP_PKEY *key = NULL;

	(void)algorithm;
	if (n != NULL && fields.left == 0 && BN_num_bits(n) >= RSA_BITS_MIN)
		key = make_rsa(e, n);
	BN_free(e);
	BN_free(n);
	return key;
}

/* --- Signatures ---------------------------------------------------------- */

static struct ssh_blob
copy_signature(EVP_PKEY *key, struct ssh_wire bytes)
{
	struct ssh_blob copy = { xmalloc(bytes.left + 1), bytes.left };

	(void)key;
	if (bytes.left > 0)
		memcpy(copy.bytes, bytes.at, bytes.left);
	return copy;
}

/* OpenSSL wants zeros in front of a short one, which old signers leave out. */
static struct ssh_blob
pad_signature(EVP_PKEY *key, struct ssh_wire bytes)
{
	size_t len = (size_t)EVP_PKEY_get_size(key);
	struct ssh_blob padded = { NULL, 0 };

	if (bytes.left == 0 || bytes.left > len)
		return padded;
	padded = (struct ssh_blob){ xcalloc(1, len), len };
	memcpy(padded.bytes + len - bytes.left, bytes.at, bytes.left);
	return padded;
}

static ECDSA_SIG *
make_ecdsa(BIGNUM *take_r, BIGNUM *take_s)
{
	ECDSA_SIG *pair = ECDSA_SIG_new();

	openssl_must(pair != NULL && ECDSA_SIG_set0(pair, take_r, take_s) == 1);
	return pair;
}

/* Two numbers, which OpenSSL wants in DER. */
static struct ssh_blob
encode_signature(EVP_PKEY *key, struct ssh_wire bytes)
{
	struct ssh_blob der = { NULL, 0 };
	BIGNUM *r = read_number(&bytes);
	BIGNUM *s = r != NULL ? read_number(&bytes) : NULL;
	unsigned char *at;
	ECDSA_SIG *pair;
	int len;

	(void)key;
	if (s == NULL || bytes.left > 0) {
		BN_free(r);
		BN_free(s);
		return der;
	}
	pair = make_ecdsa(r, s);
	len = i2d_ECDSA_SIG(pair, NULL);
	openssl_must(len > 0);
	der = (struct ssh_blob){ xmalloc((size_t)len), (size_t)len };
	at = der.bytes;
	i2d_ECDSA_SIG(pair, &at);
	ECDSA_SIG_free(pair);
	return der;
}

/* --- The verdict --------------------------------------------------------- */

static const struct algorithm algorithms[] = {
	{ "ssh-ed25519", "ssh-ed25519", NULL, read_ed25519, copy_signature,
	    NULL, NULL, 0 },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", EVP_sha256, read_ecdsa,
	    encode_signature, "nistp256", "P-256", 0 },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", EVP_sha384, read_ecdsa,
	    encode_signature, "nistp384", "P-384", 0 },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", EVP_sha512, read_ecdsa,
	    encode_signature, "nistp521", "P-521", 0 },
	{ "rsa-sha2-512", "ssh-rsa", EVP_sha512, read_rsa, pad_signature, NULL,
	    NULL, 0 },
	{ "rsa-sha2-256", "ssh-rsa", EVP_sha256, read_rsa, pad_signature, NULL,
	    NULL, 0 },
	{ SK_ED25519, SK_ED25519, NULL, read_ed25519, copy_signature, NULL,
	    NULL, 1 },
	{ SK_ECDSA, SK_ECDSA, EVP_sha256, read_ecdsa, encode_signature,
	    "nistp256", "P-256", 2 },
};

#define ALGORITHM_COUNT (sizeof algorithms / sizeof *algorithms)

static bool
is_key_type(struct ssh_wire type)
{
	for (size_t i = 0; i < ALGORITHM_COUNT; i++)
		if (ssh_wire_is(&type, algorithms[i].key_type))
			return true;
	return false;
}

static const struct algorithm *
find(struct ssh_wire key_type, struct ssh_wire name)
{
	for (size_t i = 0; i < ALGORITHM_COUNT; i++)
		if (ssh_wire_is(&key_type, algorithms[i].key_type) &&
		    ssh_wire_is(&name, algorithms[i].name))
			return &algorithms[i];
	return NULL;
}

static bool
is_good(EVP_PKEY *key, hash_fn *hash, struct ssh_blob signature,
    struct ssh_wire data)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_verified;

	openssl_must(context != NULL);
	is_verified = EVP_DigestVerifyInit(context, NULL,
			  hash != NULL ? hash() : NULL, NULL, key) == 1 &&
	    EVP_DigestVerify(context, signature.bytes, signature.len, data.at,
		data.left) == 1;
	EVP_MD_CTX_free(context);
	return is_verified;
}

static enum ssh_verdict
verify(const struct algorithm *algorithm, struct ssh_wire fields,
    struct ssh_wire bytes, struct ssh_wire data)
{
	EVP_PKEY *key = algorithm->read_key(algorithm, fields);
	struct ssh_blob signature;
	bool is_verified;

	if (key == NULL)
		return SSH_VERDICT_TYPE;
	signature = algorithm->read_signature(key, bytes);
	is_verified = signature.bytes != NULL &&
	    is_good(key, algorithm->hash, signature, data);
	free(signature.bytes);
	EVP_PKEY_free(key);
	return is_verified ? SSH_VERDICT_GOOD : SSH_VERDICT_WRONG;
}

/* Split the fields of a security key: its key, then its application. */
static bool
take_application(const struct algorithm *algorithm, struct ssh_wire *fields,
    struct ssh_wire *application)
{
	struct ssh_wire rest = *fields, field;

	for (int i = 0; i < algorithm->fields; i++)
		if (!ssh_wire_string(&rest, &field))
			return false;
	fields->left -= rest.left;
	return ssh_wire_string(&rest, application) && rest.left == 0;
}

/* A byte of flags and a counter, behind the signature of a security key. */
#define SK_SAYS_LEN 5

static enum ssh_verdict
verify_security_key(const struct algorithm *algorithm, struct ssh_wire fields,
    struct ssh_wire bytes, struct ssh_wire says, struct ssh_wire data)
{
	unsigned char message[2 * SHA256_DIGEST_LENGTH + SK_SAYS_LEN];
	unsigned char *at = message;
	struct ssh_wire application;

	if (!take_application(algorithm, &fields, &application))
		return SSH_VERDICT_TYPE;
	if (says.left != SK_SAYS_LEN)
		return SSH_VERDICT_WRONG;
	SHA256(application.at, application.left, at);
	at += SHA256_DIGEST_LENGTH;
	memcpy(at, says.at, SK_SAYS_LEN);
	at += SK_SAYS_LEN;
	SHA256(data.at, data.left, at);
	return verify(algorithm, fields, bytes,
	    (struct ssh_wire){ message, sizeof message });
}

enum ssh_verdict
ssh_verify(struct ssh_wire key, struct ssh_wire signature, struct ssh_wire data)
{
	const struct algorithm *algorithm;
	struct ssh_wire type, name, bytes;
	enum ssh_verdict verdict;

	if (!ssh_wire_string(&key, &type) || !is_key_type(type))
		return SSH_VERDICT_TYPE;
	if (!ssh_wire_string(&signature, &name) ||
	    !ssh_wire_string(&signature, &bytes))
		return SSH_VERDICT_WRONG;
	if (ssh_wire_is(&type, "ssh-rsa") && ssh_wire_is(&name, "ssh-rsa"))
		return SSH_VERDICT_SHA1;
	algorithm = find(type, name);
	if (algorithm == NULL || (algorithm->fields == 0 && signature.left > 0))
		return SSH_VERDICT_WRONG;
	verdict = algorithm->fields > 0
	    ? verify_security_key(algorithm, key, bytes, signature, data)
	    : verify(algorithm, key, bytes, data);
	ERR_clear_error(); /* the next caller's errors are its own */
	return verdict;
}
