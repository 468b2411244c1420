/* SPDX-License-Identifier: PostgreSQL */

/*
 * The key container of OpenSSH:
 *
 *	"openssh-key-v1\0"
 *	string cipher | string kdf
 *	string kdf options (string salt, u32 rounds)
 *	u32 number of keys (always 1) | string public key
 *	string private section, encrypted
 *	authentication tag of some ciphers
 *
 * and the private section, when decrypted:
 *
 *	u32 check | u32 the same check
 *	string type | the type's fields | string comment
 *	padding 1, 2, 3, ...
 *
 * A container that ends too early was cut; one whose parts disagree is damaged.
 * The passphrase is not tried here, but in key/ssh_key_proof.c.
 */
#include "key/ssh_key_openssh.h"

#include <string.h>

/* bcrypt takes 3 to 7 ms of CPU time per round, at each login: 14 s at most. */
enum {
	ROUNDS_MAX = 2000
};

static const char magic[] = "openssh-key-v1"; /* with its NUL */

/*
 * The ciphers that libssh2 reads, without chacha20-poly1305: libssh2 1.11.1
 * reads 16 bytes past the end of such a key.
 */
static const struct cipher {
	const char *name;
	unsigned block_len, tag_len;
} ciphers[] = {
	{ "none", 8, 0 },
	{ "aes256-ctr", 16, 0 },
	{ "aes192-ctr", 16, 0 },
	{ "aes128-ctr", 16, 0 },
	{ "aes256-cbc", 16, 0 },
	{ "aes192-cbc", 16, 0 },
	{ "aes128-cbc", 16, 0 },
	{ "aes256-gcm@openssh.com", 16, 16 },
	{ "aes128-gcm@openssh.com", 16, 16 },
	{ "3des-cbc", 8, 0 },
};

static const struct type {
	const char *name;
	unsigned private_fields; /* strings between type and comment */
	enum ssh_key_verdict verdict;
} types[] = {
	{ "ssh-ed25519", 2, SSH_KEY_GOOD },
	{ "ssh-rsa", 6, SSH_KEY_GOOD },
	{ "ecdsa-sha2-nistp256", 3, SSH_KEY_GOOD },
	{ "ecdsa-sha2-nistp384", 3, SSH_KEY_GOOD },
	{ "ecdsa-sha2-nistp521", 3, SSH_KEY_GOOD },
	{ "ssh-dss", 5, SSH_KEY_DSA },
};

/* The parts of a container, all borrowed from it. */
struct container {
	struct ssh_wire cipher, kdf, kdf_options, blob, section;
	size_t behind_len; /* bytes behind the private section */
};

/* Split a container; false: it ends too early. */
static bool
split(struct ssh_wire wire, struct container *out, uint32_t *key_count)
{
	if (!ssh_wire_string(&wire, &out->cipher) ||
	    !ssh_wire_string(&wire, &out->kdf) ||
	    !ssh_wire_string(&wire, &out->kdf_options) ||
	    !ssh_wire_u32(&wire, key_count) ||
	    !ssh_wire_string(&wire, &out->blob) ||
	    !ssh_wire_string(&wire, &out->section))
		return false;
	out->behind_len = wire.left;
	return true;
}

static const struct cipher *
find_cipher(const struct ssh_wire *name)
{
	for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++)
		if (ssh_wire_is(name, ciphers[i].name))
			return &ciphers[i];
	return NULL;
}

static const struct type *
find_type(const struct ssh_wire *name)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (ssh_wire_is(name, types[i].name))
			return &types[i];
	return NULL;
}

/* Judge the key derivation of an encrypted container. */
static enum ssh_key_verdict
judge_kdf(const struct container *parts)
{
	struct ssh_wire options = parts->kdf_options, salt;
	uint32_t rounds;

	if (!ssh_wire_is(&parts->kdf, "bcrypt"))
		return SSH_KEY_BAD_CIPHER;
	if (!ssh_wire_string(&options, &salt) || salt.left == 0 ||
	    !ssh_wire_u32(&options, &rounds) || rounds == 0 ||
	    options.left != 0)
		return SSH_KEY_DAMAGED;
	return rounds > ROUNDS_MAX ? SSH_KEY_SLOW : SSH_KEY_GOOD;
}

static bool
padding_is_right(struct ssh_wire padding)
{
	for (size_t i = 0; i < padding.left; i++)
		if (padding.at[i] != (unsigned char)(i + 1))
			return false;
	return true;
}

/*
 * Whether a private section in the clear is whole, and has the type of the
 * public key.
 */
static bool
section_is_sound(struct ssh_wire section, const struct type *type,
    struct ssh_wire *comment)
{
	uint32_t check, same;
	struct ssh_wire field;

	if (!ssh_wire_u32(&section, &check) || !ssh_wire_u32(&section, &same) ||
	    check != same || !ssh_wire_string(&section, &field) ||
	    !ssh_wire_is(&field, type->name))
		return false;
	for (unsigned i = 0; i < type->private_fields; i++)
		if (!ssh_wire_string(&section, &field) || field.left == 0)
			return false;
	return ssh_wire_string(&section, comment) && padding_is_right(section);
}

/* Judge the type of the public key, which is never encrypted. */
static enum ssh_key_verdict
judge_type(struct ssh_wire blob, const struct type **type)
{
	struct ssh_wire name;

	if (!ssh_wire_string(&blob, &name) || name.left == 0)
		return SSH_KEY_DAMAGED;
	*type = find_type(&name);
	return *type != NULL ? (*type)->verdict : SSH_KEY_UNSUPPORTED;
}

static enum ssh_key_verdict
judge_parts(const struct container *parts, struct ssh_key_openssh *out)
{
	const struct cipher *cipher = find_cipher(&parts->cipher);
	enum ssh_key_verdict verdict;
	const struct type *type;

	verdict = judge_type(parts->blob, &type);
	if (verdict != SSH_KEY_GOOD)
		return verdict;
	if (cipher == NULL)
		return SSH_KEY_BAD_CIPHER;
	if (parts->behind_len < cipher->tag_len)
		return SSH_KEY_TRUNCATED;
	if (parts->behind_len > cipher->tag_len ||
	    parts->section.left % cipher->block_len != 0)
		return SSH_KEY_DAMAGED;
	out->blob = parts->blob;
	out->comment = (struct ssh_wire){ 0 };
	out->is_encrypted = cipher != &ciphers[0];
	if (out->is_encrypted)
		return judge_kdf(parts);
	return section_is_sound(parts->section, type, &out->comment)
	    ? SSH_KEY_GOOD
	    : SSH_KEY_DAMAGED;
}

enum ssh_key_verdict
ssh_key_openssh_read(const unsigned char *bytes, size_t len,
    struct ssh_key_openssh *out)
{
	struct container parts;
	uint32_t key_count;

	if (len < sizeof magic)
		return SSH_KEY_TRUNCATED;
	if (memcmp(bytes, magic, sizeof magic) != 0)
		return SSH_KEY_DAMAGED;
	bytes += sizeof magic;
	len -= sizeof magic;
	if (!split((struct ssh_wire){ bytes, len }, &parts, &key_count))
		return SSH_KEY_TRUNCATED;
	if (key_count != 1)
		return SSH_KEY_DAMAGED;
	return judge_parts(&parts, out);
}
