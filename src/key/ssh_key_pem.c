/* SPDX-License-Identifier: PostgreSQL */

/*
 * Private keys that OpenSSL reads.  The cipher and the cost of the key
 * derivation are checked before OpenSSL may decrypt: it has no bound on the
 * cost, and its error codes do not tell a missing cipher from a wrong
 * passphrase.
 */
#include "key/ssh_key_pem.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

enum {
	/* HMACs of PBKDF2: one or two seconds of CPU time, at each login. */
	ITERATIONS_MAX = 4 * 1000 * 1000,
	/* N * r of scrypt: 32 MB, which is also OpenSSL's limit. */
	SCRYPT_WORK_MAX = 256 * 1024,
	SCRYPT_PARALLEL_MAX = 16,
	EC_FIELD_MAX = 66, /* bytes of a P-521 coordinate */
};

/* Ciphers of OpenSSL's default provider, with their names in DEK-Info. */
static const struct cipher {
	const char *dek_name;
	int nid;
	unsigned block_len;
} ciphers[] = {
	{ "AES-128-CBC", NID_aes_128_cbc, 16 },
	{ "AES-192-CBC", NID_aes_192_cbc, 16 },
	{ "AES-256-CBC", NID_aes_256_cbc, 16 },
	{ "DES-EDE3-CBC", NID_des_ede3_cbc, 8 },
};

/* --- Is it fit to be decrypted ----------------------------------------- */

/* "AES-128-CBC,0123...": the cipher of an encrypted PKCS#1 or SEC1 key. */
static enum ssh_key_verdict
judge_dek_info(const struct ssh_key_text *key)
{
	size_t name_len = strcspn(key->dek_info, ",");

	for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++) {
		const struct cipher *cipher = &ciphers[i];

		if (strlen(cipher->dek_name) != name_len ||
		    strncmp(cipher->dek_name, key->dek_info, name_len) != 0)
			continue;
		return key->body_len % cipher->block_len == 0
		    ? SSH_KEY_GOOD
		    : SSH_KEY_TRUNCATED;
	}
	return SSH_KEY_OLD_CIPHER;
}

static bool
cipher_is_known(const X509_ALGOR *algorithm)
{
	int nid = OBJ_obj2nid(algorithm->algorithm);

	for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++)
		if (ciphers[i].nid == nid)
			return true;
	return false;
}

/* A number of a key derivation; one that cannot be read exceeds all bounds. */
static uint64_t
number(const ASN1_INTEGER *integer)
{
	uint64_t value;

	return ASN1_INTEGER_get_uint64(&value, integer) == 1 ? value
							     : UINT64_MAX;
}

static enum ssh_key_verdict
judge_pbkdf2(const ASN1_TYPE *parameter)
{
	PBKDF2PARAM *params;
	uint64_t iterations;

	params = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM),
	    parameter);
	if (params == NULL)
		return SSH_KEY_DAMAGED;
	iterations = number(params->iter);
	PBKDF2PARAM_free(params);
	return iterations > ITERATIONS_MAX ? SSH_KEY_SLOW : SSH_KEY_GOOD;
}

static enum ssh_key_verdict
judge_scrypt(const ASN1_TYPE *parameter)
{
	uint64_t cost, block, parallel;
	SCRYPT_PARAMS *params;

	params = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS),
	    parameter);
	if (params == NULL)
		return SSH_KEY_DAMAGED;
	cost = number(params->costParameter);
	block = number(params->blockSize);
	parallel = number(params->parallelizationParameter);
	SCRYPT_PARAMS_free(params);
	return cost > SCRYPT_WORK_MAX || block > SCRYPT_WORK_MAX ||
		cost * block > SCRYPT_WORK_MAX || parallel > SCRYPT_PARALLEL_MAX
	    ? SSH_KEY_SLOW
	    : SSH_KEY_GOOD;
}

/* RFC 8018, A.4 */
static enum ssh_key_verdict
judge_pbes2(const ASN1_TYPE *parameter)
{
	enum ssh_key_verdict verdict = SSH_KEY_OLD_CIPHER;
	PBE2PARAM *params;

	params = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM),
	    parameter);
	if (params == NULL)
		return SSH_KEY_DAMAGED;
	if (cipher_is_known(params->encryption))
		switch (OBJ_obj2nid(params->keyfunc->algorithm)) {
		case NID_id_pbkdf2:
			verdict = judge_pbkdf2(params->keyfunc->parameter);
			break;
		case NID_id_scrypt:
			verdict = judge_scrypt(params->keyfunc->parameter);
			break;
		}
	PBE2PARAM_free(params);
	return verdict;
}

/* RFC 7292, C: the only scheme of PKCS#12 without DES, RC2 and RC4. */
static enum ssh_key_verdict
judge_pkcs12(const ASN1_TYPE *parameter)
{
	PBEPARAM *params;
	uint64_t iterations;

	params = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), parameter);
	if (params == NULL)
		return SSH_KEY_DAMAGED;
	iterations = number(params->iter);
	PBEPARAM_free(params);
	return iterations > ITERATIONS_MAX ? SSH_KEY_SLOW : SSH_KEY_GOOD;
}

/* RFC 5958, 3 */
static enum ssh_key_verdict
judge_pkcs8(const struct ssh_key_text *key)
{
	enum ssh_key_verdict verdict = SSH_KEY_OLD_CIPHER;
	const unsigned char *at = key->body;
	const X509_ALGOR *algorithm;
	X509_SIG *sealed;

	sealed = d2i_X509_SIG(NULL, &at, (long)key->body_len);
	if (sealed == NULL)
		return SSH_KEY_DAMAGED;
	X509_SIG_get0(sealed, &algorithm, NULL);
	switch (OBJ_obj2nid(algorithm->algorithm)) {
	case NID_pbes2:
		verdict = judge_pbes2(algorithm->parameter);
		break;
	case NID_pbe_WithSHA1And3_Key_TripleDES_CBC:
		verdict = judge_pkcs12(algorithm->parameter);
		break;
	}
	X509_SIG_free(sealed);
	return verdict;
}

/* A SEQUENCE longer than the bytes that are there was cut. */
static enum ssh_key_verdict
judge_length(const struct ssh_key_text *key)
{
	const unsigned char *at = key->body;
	int tag, class, form;
	long len;

	form = ASN1_get_object(&at, &len, &tag, &class, (long)key->body_len);
	if (tag != V_ASN1_SEQUENCE)
		return SSH_KEY_DAMAGED;
	if ((form & 0x80) == 0)
		return SSH_KEY_GOOD;
	return ERR_GET_REASON(ERR_peek_last_error()) == ASN1_R_TOO_LONG
	    ? SSH_KEY_TRUNCATED
	    : SSH_KEY_DAMAGED;
}

static enum ssh_key_verdict
judge_armour(const struct ssh_key_text *key)
{
	enum ssh_key_verdict verdict;

	if (key->dek_info[0] != '\0')
		return judge_dek_info(key);
	verdict = judge_length(key);
	if (verdict == SSH_KEY_GOOD &&
	    key->format == SSH_KEY_FORMAT_PKCS8_ENCRYPTED)
		verdict = judge_pkcs8(key);
	return verdict;
}

/* --- Its public half --------------------------------------------------- */

static bool
put_number(struct ssh_blob *blob, const EVP_PKEY *pkey, const char *name)
{
	unsigned char *bytes;
	BIGNUM *value = NULL;
	int len;

	if (EVP_PKEY_get_bn_param(pkey, name, &value) != 1)
		return false;
	bytes = xmalloc((size_t)BN_num_bytes(value));
	len = BN_bn2bin(value, bytes);
	ssh_wire_write_mpint(blob, bytes, (size_t)len);
	free(bytes);
	BN_free(value);
	return true;
}

/* RFC 4253, 6.6 */
static bool
put_rsa(struct ssh_blob *blob, const EVP_PKEY *pkey)
{
	ssh_wire_write_string(blob, "ssh-rsa", 7);
	return put_number(blob, pkey, OSSL_PKEY_PARAM_RSA_E) &&
	    put_number(blob, pkey, OSSL_PKEY_PARAM_RSA_N);
}

static bool
get_coordinate(const EVP_PKEY *pkey, const char *name, unsigned char *out,
    size_t len)
{
	BIGNUM *value = NULL;
	bool is_put;

	is_put = EVP_PKEY_get_bn_param(pkey, name, &value) == 1 &&
	    BN_bn2binpad(value, out, (int)len) == (int)len;
	BN_free(value);
	return is_put;
}

/* RFC 5656, 3.1: the point is not compressed. */
static bool
put_ec(struct ssh_blob *blob, const EVP_PKEY *pkey)
{
	static const struct {
		const char *group, *type, *curve;
		size_t field_len;
	} curves[] = {
		{ "prime256v1", "ecdsa-sha2-nistp256", "nistp256", 32 },
		{ "secp384r1", "ecdsa-sha2-nistp384", "nistp384", 48 },
		{ "secp521r1", "ecdsa-sha2-nistp521", "nistp521", 66 },
	};
	unsigned char point[1 + 2 * EC_FIELD_MAX] = { 4 };
	char group[32] = "";

	EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL);
	for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
		size_t len = curves[i].field_len;

		if (strcmp(group, curves[i].group) != 0)
			continue;
		ssh_wire_write_string(blob, curves[i].type,
		    strlen(curves[i].type));
		ssh_wire_write_string(blob, curves[i].curve,
		    strlen(curves[i].curve));
		if (!get_coordinate(pkey, OSSL_PKEY_PARAM_EC_PUB_X, point + 1,
			len) ||
		    !get_coordinate(pkey, OSSL_PKEY_PARAM_EC_PUB_Y,
			point + 1 + len, len))
			return false;
		ssh_wire_write_string(blob, point, 1 + 2 * len);
		return true;
	}
	return false;
}

/* RFC 8709, 4 */
static bool
put_ed25519(struct ssh_blob *blob, const EVP_PKEY *pkey)
{
	unsigned char bytes[32];
	size_t len = sizeof bytes;

	ssh_wire_write_string(blob, "ssh-ed25519", 11);
	if (EVP_PKEY_get_raw_public_key(pkey, bytes, &len) != 1)
		return false;
	ssh_wire_write_string(blob, bytes, len);
	return true;
}

static enum ssh_key_verdict
public_half(const EVP_PKEY *pkey, struct ssh_blob *blob)
{
	bool is_put = false;

	switch (EVP_PKEY_get_base_id(pkey)) {
	case EVP_PKEY_RSA:
		is_put = put_rsa(blob, pkey);
		break;
	case EVP_PKEY_EC:
		is_put = put_ec(blob, pkey);
		break;
	case EVP_PKEY_ED25519:
		is_put = put_ed25519(blob, pkey);
		break;
	case EVP_PKEY_DSA:
		return SSH_KEY_DSA;
	}
	return is_put ? SSH_KEY_GOOD : SSH_KEY_UNSUPPORTED;
}

/* --- The key ----------------------------------------------------------- */

/* OpenSSL's pem_password_cb; without one it would ask on the terminal. */
static int
on_passphrase(char *buf, int size, int writing, void *arg)
{
	const char *passphrase = arg;
	size_t len = passphrase != NULL ? strlen(passphrase) : 0;

	(void)writing;
	if (passphrase == NULL || len > (size_t)size)
		return -1;
	memcpy(buf, passphrase, len);
	return (int)len;
}

static EVP_PKEY *
decode(const char *text, const char *passphrase)
{
	BIO *bio = BIO_new_mem_buf(text, -1);
	EVP_PKEY *pkey;

	pkey = PEM_read_bio_PrivateKey(bio, NULL, on_passphrase,
	    (void *)(uintptr_t)passphrase);
	BIO_free(bio);
	return pkey;
}

enum ssh_key_verdict
ssh_key_pem_read(const struct ssh_key_text *key, const char *passphrase,
    bool *is_encrypted, struct ssh_blob *blob)
{
	enum ssh_key_verdict verdict = judge_armour(key);
	EVP_PKEY *pkey;

	*is_encrypted = key->dek_info[0] != '\0' ||
	    key->format == SSH_KEY_FORMAT_PKCS8_ENCRYPTED;
	if (verdict == SSH_KEY_GOOD && *is_encrypted && passphrase == NULL)
		verdict = SSH_KEY_NEEDS_PASSPHRASE;
	if (verdict == SSH_KEY_GOOD) {
		pkey = decode(key->text, passphrase);
		if (pkey != NULL)
			verdict = public_half(pkey, blob);
		else
			verdict = *is_encrypted ? SSH_KEY_WRONG_PASSPHRASE
						: SSH_KEY_DAMAGED;
		EVP_PKEY_free(pkey);
	}
	ERR_clear_error(); /* TLS uses the same queue */
	return verdict;
}
