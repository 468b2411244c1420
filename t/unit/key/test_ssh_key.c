/* SPDX-License-Identifier: PostgreSQL */

/*
 * Every verdict on a private key, each for a text that deserves it, and every
 * repair.  The private keys below are test vectors: they open nothing.  Others
 * are made by ssh-keygen and openssl while the test runs.
 */
#include "key/ssh_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/xmalloc.h"
#include "key/base64.h"
#include "key/ssh_key_text.h"
#include "key/ssh_wire.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define PASSPHRASE "test passphrase"

/* Test vector: opens nothing. */
#define ED25519_BODY                                                               \
	"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW"   \
	"\nQyNTUxOQAAACCFjdwIbWHPTFMe2Ts1+DipT8Jk+hgT2WRvDJcpVE83ZQAAAJDRKRsA0Skb" \
	"\nAAAAAAtzc2gtZWQyNTUxOQAAACCFjdwIbWHPTFMe2Ts1+DipT8Jk+hgT2WRvDJcpVE83ZQ" \
	"\nAAAEBNqw/yuKcpi32dVjQwTUwzjjiONLAzE/taZOrhMpWUpIWN3AhtYc9MUx7ZOzX4OKlP" \
	"\nwmT6GBPZZG8MlylUTzdlAAAAC3Rlc3QgdmVjdG9yAQI="
#define ED25519                                              \
	"-----BEGIN OPENSSH PRIVATE KEY-----\n" ED25519_BODY \
	"\n-----END OPENSSH PRIVATE KEY-----\n"
#define ED25519_PUBLIC                                                         \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIWN3AhtYc9MUx7ZOzX4OKlPwmT6GBPZ" \
	"ZG8MlylUTzdl"
#define ED25519_FINGERPRINT "SHA256:eRdAloqpuUX+dRilU+GN0gfMNFfmxOoEy0xftJ6qjvc"

/* Test vector, encrypted with PASSPHRASE and one round: opens nothing. */
#define ED25519_ENCRYPTED                                                          \
	"-----BEGIN OPENSSH PRIVATE KEY-----\n"                                    \
	"b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABA/evSUnN"   \
	"\n4lKlkIgSCCs32zAAAAAQAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIHQwDWdrf/pUUTBO" \
	"\nJ/aAM48KiPBEzOn3mGtfQUBpwhEQAAAAkBPl4D69vuYOzzW+ImeiqwyBjkr/5MamB1rOYz" \
	"\nryCTyd7V+2dr1l54sW+AjaPA1py4Z86xLxUfSoh7mX1XrF9ajHocHMMkULh18Ta74tp0q3" \
	"\noRDpIYBbU70K3oc5QFFjmDsheWIRQ2EA24OSI1D7fozRNlXMsku9Zik2vAdfeYSF0svzfh" \
	"\n/VqZ9dMKhUsx6Xfw==\n-----END OPENSSH PRIVATE KEY-----\n"

/* Test vector: opens nothing. */
#define EC                                                                   \
	"-----BEGIN EC PRIVATE KEY-----\n"                                   \
	"MHcCAQEEIO7AI9S5BQB4PB/mZwXQrugavLDwPlZRB/xP+KhsOcEeoAoGCCqGSM49\n" \
	"AwEHoUQDQgAEBIWmos6Q8ppH3hCQUyiVv5f3YYYOEx6TaiyHCOKreWlokmnPK0rX\n" \
	"QWfIlM4xbabek1jDD0gUVvlbWo7uHkqJKA==\n"                             \
	"-----END EC PRIVATE KEY-----\n"
#define EC_FINGERPRINT "SHA256:nueY3H8K61VUSNCIK0UGR53Gfa/wi05T2YKbj8Dg71c"

/* The same, encrypted with PASSPHRASE. */
#define EC_HEADERS                 \
	"Proc-Type: 4,ENCRYPTED\n" \
	"DEK-Info: AES-128-CBC,9ADA46817939E97D9FB57EA6668D456B\n"
#define EC_LINE \
	"u658xPH4XJStHyTSYbHSwMaj2qo4ZN8OeG/MQzszpNBGieVnRTLGHlSGxo0+Ityy"
#define EC_BODY                                                                      \
	"sLd4YC63q2ittgyALzQG4UvHIz7TwiOBVosJJczUi+FQYutYsmZf8r2gVitiqROA\n" EC_LINE \
	"\nCk5pT4FC5wVUjtBFSKScH0odZSWSqfdaRsymxykpnA0="
#define EC_ENCRYPTED                                               \
	"-----BEGIN EC PRIVATE KEY-----\n" EC_HEADERS "\n" EC_BODY \
	"\n-----END EC PRIVATE KEY-----\n"

/* --- What a text is instead of a private key --------------------------- */

static void
texts_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		enum ssh_key_verdict verdict;
	} cases[] = {
		{ "", SSH_KEY_EMPTY },
		{ " \r\n\t", SSH_KEY_EMPTY },
		{ "\\n", SSH_KEY_EMPTY },
		{ ED25519_PUBLIC " test vector\n", SSH_KEY_PUBLIC },
		{ "ssh-rsa\nAAAAB3NzaC1yc2EAAAADAQAB", SSH_KEY_PUBLIC },
		{ "sk-ssh-ed25519@openssh.com AAAAGnNr x", SSH_KEY_PUBLIC },
		{ "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----",
		    SSH_KEY_PUBLIC },
		{ "-----BEGIN RSA PUBLIC KEY-----\nMFkw\n"
		  "-----END RSA PUBLIC KEY-----",
		    SSH_KEY_PUBLIC },
		{ "---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"x\"\nAAAA\n"
		  "---- END SSH2 PUBLIC KEY ----\n",
		    SSH_KEY_PUBLIC },
		{ "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n",
		    SSH_KEY_PUTTY },
		{ "PuTTY-User-Key-File-2: ssh-rsa\nComment: -----BEGIN x-----",
		    SSH_KEY_PUTTY },
		{ "-----BEGIN DSA PRIVATE KEY-----\nMIIB\n"
		  "-----END DSA PRIVATE KEY-----\n",
		    SSH_KEY_DSA },
		{ "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nP2/5\n",
		    SSH_KEY_UNSUPPORTED },
		{ "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
		    SSH_KEY_CERTIFICATE },
		{ "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1 x",
		    SSH_KEY_CERTIFICATE },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\n" ED25519_BODY,
		    SSH_KEY_TRUNCATED },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\n" ED25519_BODY
		  "\n-----END OPENSSH PRIV",
		    SSH_KEY_TRUNCATED },
		{ "-----BEGIN OPENSSH PRIV", SSH_KEY_TRUNCATED },
		{ ED25519_BODY "\n-----END OPENSSH PRIVATE KEY-----",
		    SSH_KEY_TRUNCATED },
		{ "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----",
		    SSH_KEY_TRUNCATED },
		{ "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
		  "-----END EC PARAMETERS-----\n"
		  "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE",
		    SSH_KEY_TRUNCATED },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\n" ED25519_BODY
		  "\n-----END RSA PRIVATE KEY-----\n",
		    SSH_KEY_DAMAGED },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\nComment: x\n" ED25519_BODY
		  "\n-----END OPENSSH PRIVATE KEY-----\n",
		    SSH_KEY_DAMAGED },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\n" EC_HEADERS
			ED25519_BODY "\n-----END OPENSSH PRIVATE KEY-----\n",
		    SSH_KEY_DAMAGED },
		{ "-----BEGIN PRIVATE KEY-----\nMFkw*A==\n"
		  "-----END PRIVATE KEY-----",
		    SSH_KEY_DAMAGED },
		{ "-----BEGIN PRIVATE KEY-----\nTUVTUw==\n"
		  "-----END PRIVATE KEY-----",
		    SSH_KEY_DAMAGED },
		{ "/home/me/.ssh/id_ed25519", SSH_KEY_UNKNOWN },
		{ "-----BEGIN PGP PRIVATE KEY BLOCK-----\nlFgE\n"
		  "-----END PGP PRIVATE KEY BLOCK-----",
		    SSH_KEY_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ssh_key key;
		enum ssh_key_verdict verdict;

		verdict = ssh_key_judge(cases[i].text, NULL, &key);
		if (verdict != cases[i].verdict)
			fail_msg("%s: verdict %d", cases[i].text, verdict);
		assert_null(key.text);
	}
}

static void
an_absurdly_long_text_is_no_key(void **state)
{
	char *text = xmalloc(1 << 20);
	struct ssh_key key;

	(void)state;
	memset(text, 'A', 1 << 20);
	memcpy(text, "-----BEGIN PRIVATE KEY-----", 27);
	strcpy(text + (1 << 20) - 26, "-----END PRIVATE KEY-----");
	assert_int_equal(ssh_key_judge(text, NULL, &key), SSH_KEY_UNKNOWN);
	free(text);
}

static void
every_verdict_has_words(void **state)
{
	(void)state;
	assert_string_equal(ssh_key_verdict_text(SSH_KEY_GOOD), "");
	for (int v = SSH_KEY_GOOD + 1; v <= SSH_KEY_UNKNOWN; v++) {
		const char *words = ssh_key_verdict_text(v);

		assert_true(strlen(words) > 10);
		assert_true(words[0] >= 'a' && words[0] <= 'z');
		assert_int_not_equal(words[strlen(words) - 1], '.');
		assert_null(strchr(words, '\n'));
	}
}

/* --- Repairs ----------------------------------------------------------- */

/*
 * `text` is a key with this fingerprint, and is repaired to its canonical form.
 */
static void
assert_key(const char *text, const char *passphrase, const char *fingerprint,
    const char *canonical)
{
	struct ssh_key key;
	enum ssh_key_verdict verdict = ssh_key_judge(text, passphrase, &key);

	if (verdict != SSH_KEY_GOOD)
		fail_msg("verdict %d on %s", verdict, text);
	assert_string_equal(key.fingerprint, fingerprint);
	if (canonical != NULL)
		assert_string_equal(key.text, canonical);
	ssh_key_clear(&key);
}

/* Replace every `old` by `new`. */
static char *
replace(const char *text, const char *old, const char *new)
{
	char *out = xcalloc(strlen(text) * (strlen(new) + 1) + 1, 1);
	const char *hit;

	for (; (hit = strstr(text, old)) != NULL; text = hit + strlen(old)) {
		strncat(out, text, (size_t)(hit - text));
		strcat(out, new);
	}
	return strcat(out, text);
}

static void
what_pasting_does_is_repaired(void **state)
{
	static const char *const line_ends[] = {
		"\n",
		"\r\n",
		"\\n",
		"\\r\\n",
		"\\\\n",
		"\n    ",
		"\n\t",
		" ",
		"  \n\n",
		"\\n\n",
		"\\\n",
		"\r",
		"\xc2\xa0\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(line_ends); i++) {
		char *ed = replace(ED25519, "\n", line_ends[i]);
		char *ec = replace(EC_ENCRYPTED, "\n", line_ends[i]);

		assert_key(ed, NULL, ED25519_FINGERPRINT, NULL);
		assert_key(ec, PASSPHRASE, EC_FINGERPRINT, EC_ENCRYPTED);
		free(ed);
		free(ec);
	}
}

static void
the_armour_is_found_where_it_stands(void **state)
{
	char
	    *narrow = replace("-----BEGIN OPENSSH PRIVATE KEY-----" ED25519_BODY
			      "-----END OPENSSH PRIVATE KEY-----",
		"\n", "");
	char *words = replace(ED25519, " ", "\n");

	(void)state;
	assert_key(narrow, NULL, ED25519_FINGERPRINT, NULL);
	assert_key(words, NULL, ED25519_FINGERPRINT, NULL);
	assert_key("\xef\xbb\xbf" EC, NULL, EC_FINGERPRINT, EC);
	assert_key("\"" EC "\"", NULL, EC_FINGERPRINT, EC);
	assert_key("Bag Attributes\n" EC, NULL, EC_FINGERPRINT, EC);
	assert_key("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
		   "-----END EC PARAMETERS-----\n" EC,
	    NULL, EC_FINGERPRINT, EC);
	assert_key("-----BEGIN CERTIFICATE-----\nMIIB\n"
		   "-----END CERTIFICATE-----\n" EC,
	    NULL, EC_FINGERPRINT, EC);
	free(narrow);
	free(words);
}

static void
a_repaired_text_stays_what_it_is(void **state)
{
	struct ssh_key_text once, twice;

	(void)state;
	assert_int_equal(ssh_key_text_repair(ED25519, &once), SSH_KEY_GOOD);
	assert_int_equal(ssh_key_text_repair(once.text, &twice), SSH_KEY_GOOD);
	assert_string_equal(once.text, twice.text);
	ssh_key_text_clear(&once);
	ssh_key_text_clear(&twice);
}

/* --- Passphrases ------------------------------------------------------- */

static void
passphrases_are_proved(void **state)
{
	static const char *const encrypted[] = { ED25519_ENCRYPTED,
		EC_ENCRYPTED };
	struct ssh_key key;

	(void)state;
	for (size_t i = 0; i < COUNT(encrypted); i++) {
		const char *text = encrypted[i];

		assert_int_equal(ssh_key_judge(text, PASSPHRASE, &key),
		    SSH_KEY_GOOD);
		assert_true(key.is_encrypted);
		ssh_key_clear(&key);
		assert_int_equal(ssh_key_judge(text, "wrong", &key),
		    SSH_KEY_WRONG_PASSPHRASE);
		assert_int_equal(ssh_key_judge(text, NULL, &key),
		    SSH_KEY_NEEDS_PASSPHRASE);
		assert_int_equal(ssh_key_judge(text, "", &key),
		    SSH_KEY_NEEDS_PASSPHRASE);
	}
}

static void
a_needless_passphrase_does_no_harm(void **state)
{
	struct ssh_key key;

	(void)state;
	assert_int_equal(ssh_key_judge(ED25519, "needless", &key),
	    SSH_KEY_GOOD);
	assert_false(key.is_encrypted);
	ssh_key_clear(&key);
	assert_key(EC, "needless", EC_FINGERPRINT, EC);
}

static void
an_encrypted_pem_key_is_judged_before_it_is_opened(void **state)
{
	char *cut = replace(EC_ENCRYPTED,
	    "Ck5pT4FC5wVUjtBFSKScH0odZSWSqfda"
	    "RsymxykpnA0=",
	    "Ck5p");
	char *des = replace(EC_ENCRYPTED, "AES-128-CBC", "DES-CBC");
	struct ssh_key key;

	(void)state;
	assert_int_equal(ssh_key_judge(cut, PASSPHRASE, &key),
	    SSH_KEY_TRUNCATED);
	assert_int_equal(ssh_key_judge(des, PASSPHRASE, &key),
	    SSH_KEY_OLD_CIPHER);
	free(cut);
	free(des);
}

/* --- The container of OpenSSH ------------------------------------------ */

/* A container part by part, made by whole() and altered by each test. */
struct container {
	const char *cipher, *kdf, *type;
	uint32_t rounds, key_count, check, same;
	size_t section_len, behind_len;
};

static void
put_u32(struct ssh_blob *blob, uint32_t value)
{
	unsigned char bytes[4] = { (unsigned char)(value >> 24),
		(unsigned char)(value >> 16), (unsigned char)(value >> 8),
		(unsigned char)value };

	blob->bytes = xreallocarray(blob->bytes, blob->len + 4, 1);
	memcpy(blob->bytes + blob->len, bytes, 4);
	blob->len += 4;
}

static void
put_text(struct ssh_blob *blob, const char *text)
{
	ssh_wire_write_string(blob, text, strlen(text));
}

enum {
	CONTAINER_LEN = 194 /* of encrypted_container() */
};

static struct container
encrypted_container(void)
{
	return (struct container){ .cipher = "aes256-ctr",
		.kdf = "bcrypt",
		.type = "ssh-ed25519",
		.rounds = 1,
		.key_count = 1,
		.section_len = 64 };
}

/* Judge a container cut to `len` bytes, whose ciphertext is all zeros. */
static enum ssh_key_verdict
judge_container(const struct container *parts, size_t len)
{
	static const unsigned char zeros[256];
	struct ssh_blob options = { 0 }, public = { 0 }, blob = { 0 };
	enum ssh_key_verdict verdict;
	struct ssh_key key;
	char *text, *armoured;

	put_text(&options, "0123456789abcdef");
	put_u32(&options, parts->rounds);
	put_text(&public, parts->type);
	ssh_wire_write_string(&public, zeros, 32);

	put_u32(&blob, 0x6f70656e); /* openssh-key-v1 */
	put_u32(&blob, 0x7373682d);
	put_u32(&blob, 0x6b65792d);
	put_u32(&blob, 0x76310000);
	blob.len--;
	put_text(&blob, parts->cipher);
	put_text(&blob, parts->kdf);
	ssh_wire_write_string(&blob, options.bytes, options.len);
	put_u32(&blob, parts->key_count);
	ssh_wire_write_string(&blob, public.bytes, public.len);
	ssh_wire_write_string(&blob, zeros, parts->section_len);
	for (size_t i = 0; i < parts->behind_len; i += 4)
		put_u32(&blob, 0);
	if (len > blob.len)
		len = blob.len;

	text = xmalloc(BASE64_TEXT_SIZE(len));
	base64_encode(text, blob.bytes, len);
	armoured = xasprintf("-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n"
			     "-----END OPENSSH PRIVATE KEY-----\n",
	    text);
	verdict = ssh_key_judge(armoured, PASSPHRASE, &key);
	free(options.bytes);
	free(public.bytes);
	free(blob.bytes);
	free(text);
	free(armoured);
	return verdict;
}

static void
containers_are_judged_before_they_are_opened(void **state)
{
	static const struct {
		struct container bent; /* how it differs from a whole one */
		enum ssh_key_verdict verdict;
	} cases[] = {
		{ { .kdf = "bcrypt" }, SSH_KEY_WRONG_PASSPHRASE },
		{ { .cipher = "aes128-cbc" }, SSH_KEY_WRONG_PASSPHRASE },
		{ { .cipher = "3des-cbc" }, SSH_KEY_WRONG_PASSPHRASE },
		{ { .cipher = "aes256-gcm@openssh.com", .behind_len = 16 },
		    SSH_KEY_WRONG_PASSPHRASE },
		{ { .cipher = "aes256-gcm@openssh.com", .behind_len = 12 },
		    SSH_KEY_TRUNCATED },
		{ { .cipher = "chacha20-poly1305@openssh.com",
		      .behind_len = 16 },
		    SSH_KEY_BAD_CIPHER },
		{ { .cipher = "blowfish-cbc" }, SSH_KEY_BAD_CIPHER },
		{ { .kdf = "argon2" }, SSH_KEY_BAD_CIPHER },
		{ { .kdf = "none" }, SSH_KEY_BAD_CIPHER },
		{ { .rounds = 2001 }, SSH_KEY_SLOW },
		{ { .rounds = UINT32_MAX }, SSH_KEY_SLOW },
		{ { .type = "ssh-dss" }, SSH_KEY_DSA },
		{ { .type = "sk-ssh-ed25519@openssh.com" },
		    SSH_KEY_UNSUPPORTED },
		{ { .type = "sk-ecdsa-sha2-nistp256@openssh.com" },
		    SSH_KEY_UNSUPPORTED },
		{ { .type = "ssh-ed448" }, SSH_KEY_UNSUPPORTED },
		{ { .type = "", .section_len = 63 }, SSH_KEY_DAMAGED },
		{ { .key_count = 2 }, SSH_KEY_DAMAGED },
		{ { .section_len = 63 }, SSH_KEY_DAMAGED },
		{ { .behind_len = 4 }, SSH_KEY_DAMAGED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct container *bent = &cases[i].bent;
		struct container parts = encrypted_container();
		enum ssh_key_verdict verdict;

		if (bent->cipher != NULL)
			parts.cipher = bent->cipher;
		if (bent->kdf != NULL)
			parts.kdf = bent->kdf;
		if (bent->type != NULL)
			parts.type = bent->type;
		if (bent->rounds != 0)
			parts.rounds = bent->rounds;
		if (bent->key_count != 0)
			parts.key_count = bent->key_count;
		if (bent->section_len != 0)
			parts.section_len = bent->section_len;
		parts.behind_len = bent->behind_len;
		verdict = judge_container(&parts, SIZE_MAX);
		if (verdict != cases[i].verdict)
			fail_msg("case %zu: verdict %d", i, verdict);
	}
}

static void
a_container_is_truncated_wherever_it_is_cut(void **state)
{
	struct container parts = encrypted_container();

	(void)state;
	for (size_t len = 1; len < CONTAINER_LEN; len++)
		if (judge_container(&parts, len) != SSH_KEY_TRUNCATED)
			fail_msg("cut to %zu bytes", len);
	assert_int_equal(judge_container(&parts, CONTAINER_LEN),
	    SSH_KEY_WRONG_PASSPHRASE);
}

/* In ED25519 the private number is at 161, the comment at 229. */
static bool
may_differ(size_t offset)
{
	return (offset >= 161 && offset < 225) ||
	    (offset >= 229 && offset < 240);
}

/*
 * Change one byte of a key in the clear.  Every length, name and check is
 * verified, so only the private number and the comment may differ.
 */
static void
damage_is_seen_in_the_clear(void **state)
{
	struct ssh_key_text text;

	(void)state;
	assert_int_equal(ssh_key_text_repair(ED25519, &text), SSH_KEY_GOOD);
	for (size_t i = 0; i < text.body_len; i++) {
		enum ssh_key_verdict verdict;
		struct ssh_key key;
		char *packed, *bent;

		text.body[i] ^= 0x55;
		packed = xmalloc(BASE64_TEXT_SIZE(text.body_len));
		base64_encode(packed, text.body, text.body_len);
		bent = xasprintf("-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n"
				 "-----END OPENSSH PRIVATE KEY-----\n",
		    packed);
		verdict = ssh_key_judge(bent, NULL, &key);
		if (verdict == SSH_KEY_GOOD)
			ssh_key_clear(&key);
		if ((verdict == SSH_KEY_GOOD) != may_differ(i))
			fail_msg("byte %zu: verdict %d", i, verdict);
		text.body[i] ^= 0x55;
		free(packed);
		free(bent);
	}
	ssh_key_text_clear(&text);
}

/* --- Keys of all tools ------------------------------------------------- */

static char *
read_file(const char *path)
{
	char *text = xcalloc(1, 65536);
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_true(fread(text, 1, 65535, file) > 0);
	fclose(file);
	return text;
}

static const struct {
	const char *what;
	const char *command; /* makes ./key, and for a good one ./key.pub */
	enum ssh_key_verdict verdict;
	const char *type;
	bool is_encrypted;
} made[] = {
#define KEYGEN      "ssh-keygen -q -C '' -f key "
#define PLAIN       "-N '' "
#define SEALED      "-a 1 -N '" PASSPHRASE "' "
#define PUBLIC_HALF " && ssh-keygen -y -P '' -f key >key.pub"
#define GENPKEY     "openssl genpkey -out key -algorithm "
#define SEAL(how)                                                      \
	GENPKEY "ed25519 && openssl pkcs8 -topk8 -in key -out sealed " \
		"-passout 'pass:" PASSPHRASE "' " how " && mv sealed key"
	{ "rsa, OpenSSH", KEYGEN PLAIN "-t rsa -b 2048", SSH_KEY_GOOD,
	    "ssh-rsa", false },
	{ "p256, OpenSSH", KEYGEN PLAIN "-t ecdsa -b 256", SSH_KEY_GOOD,
	    "ecdsa-sha2-nistp256", false },
	{ "p384, OpenSSH", KEYGEN PLAIN "-t ecdsa -b 384", SSH_KEY_GOOD,
	    "ecdsa-sha2-nistp384", false },
	{ "p521, OpenSSH", KEYGEN PLAIN "-t ecdsa -b 521", SSH_KEY_GOOD,
	    "ecdsa-sha2-nistp521", false },
	{ "rsa, encrypted", KEYGEN SEALED "-t rsa -b 2048", SSH_KEY_GOOD,
	    "ssh-rsa", true },
	{ "p256, gcm", KEYGEN SEALED "-t ecdsa -Z aes256-gcm@openssh.com",
	    SSH_KEY_GOOD, "ecdsa-sha2-nistp256", true },
	{ "ed25519, aes128-gcm",
	    KEYGEN SEALED "-t ed25519 -Z aes128-gcm@openssh.com", SSH_KEY_GOOD,
	    "ssh-ed25519", true },
	{ "ed25519, aes192-ctr", KEYGEN SEALED "-t ed25519 -Z aes192-ctr",
	    SSH_KEY_GOOD, "ssh-ed25519", true },
	{ "ed25519, aes256-cbc", KEYGEN SEALED "-t ed25519 -Z aes256-cbc",
	    SSH_KEY_GOOD, "ssh-ed25519", true },
	{ "ed25519, 3des-cbc", KEYGEN SEALED "-t ed25519 -Z 3des-cbc",
	    SSH_KEY_GOOD, "ssh-ed25519", true },
	{ "ed25519, chacha20",
	    KEYGEN SEALED "-t ed25519 -Z chacha20-poly1305@openssh.com",
	    SSH_KEY_BAD_CIPHER, NULL, true },
	{ "rsa, PKCS#1", KEYGEN PLAIN "-t rsa -b 2048 -m PEM", SSH_KEY_GOOD,
	    "ssh-rsa", false },
	{ "rsa, PKCS#1 encrypted", KEYGEN SEALED "-t rsa -b 2048 -m PEM",
	    SSH_KEY_GOOD, "ssh-rsa", true },
	{ "rsa, PKCS#8", KEYGEN PLAIN "-t rsa -b 2048 -m PKCS8", SSH_KEY_GOOD,
	    "ssh-rsa", false },
	{ "rsa, PKCS#8 encrypted", KEYGEN SEALED "-t rsa -b 2048 -m PKCS8",
	    SSH_KEY_GOOD, "ssh-rsa", true },
	{ "p521, SEC1", KEYGEN PLAIN "-t ecdsa -b 521 -m PEM", SSH_KEY_GOOD,
	    "ecdsa-sha2-nistp521", false },
	{ "p384, SEC1 encrypted", KEYGEN SEALED "-t ecdsa -b 384 -m PEM",
	    SSH_KEY_GOOD, "ecdsa-sha2-nistp384", true },
	{ "p256, PKCS#8", KEYGEN PLAIN "-t ecdsa -m PKCS8", SSH_KEY_GOOD,
	    "ecdsa-sha2-nistp256", false },
	{ "p256, parameters first",
	    "openssl ecparam -name prime256v1 -genkey -out key" PUBLIC_HALF,
	    SSH_KEY_GOOD, "ecdsa-sha2-nistp256", false },
	{ "ed25519, PKCS#8", GENPKEY "ed25519", SSH_KEY_GOOD, "ssh-ed25519",
	    false },
	{ "ed25519, PKCS#8 encrypted", SEAL("-v2 aes-256-cbc"), SSH_KEY_GOOD,
	    "ssh-ed25519", true },
	{ "ed25519, PKCS#8 triple DES", SEAL("-v2 des3"), SSH_KEY_GOOD,
	    "ssh-ed25519", true },
	{ "ed25519, PKCS#8 scrypt", SEAL("-scrypt"), SSH_KEY_GOOD,
	    "ssh-ed25519", true },
	{ "ed25519, PKCS#8 aria", SEAL("-v2 aria-128-cbc"), SSH_KEY_OLD_CIPHER,
	    NULL, true },
	{ "ed25519, PKCS#12 triple DES", SEAL("-v1 PBE-SHA1-3DES"),
	    SSH_KEY_GOOD, "ssh-ed25519", true },
	{ "ed25519, PKCS#12 absurd iterations",
	    SEAL("-v1 PBE-SHA1-3DES -iter 4000001"), SSH_KEY_SLOW, NULL, true },
	{ "ed25519, absurd iterations", SEAL("-iter 4000001"), SSH_KEY_SLOW,
	    NULL, true },
	{ "ed25519, absurd scrypt", SEAL("-scrypt -scrypt_p 17"), SSH_KEY_SLOW,
	    NULL, true },
	{ "dsa, PKCS#8",
	    "openssl dsaparam -genkey 1024 2>&1 | openssl pkcs8 -topk8 "
	    "-nocrypt -out key",
	    SSH_KEY_DSA, NULL, false },
	{ "x25519", GENPKEY "x25519", SSH_KEY_UNSUPPORTED, NULL, false },
	{ "ed448", GENPKEY "ed448", SSH_KEY_UNSUPPORTED, NULL, false },
	{ "secp256k1", GENPKEY "ec -pkeyopt ec_paramgen_curve:secp256k1",
	    SSH_KEY_UNSUPPORTED, NULL, false },
};

/*
 * The directory to return to: each test has one of its own, which leave()
 * removes.
 */
static int
enter(void **directory)
{
	char template[] = "/tmp/test_ssh_key.XXXXXX";

	if (mkdtemp(template) == NULL || chdir(template) != 0)
		return -1;
	*directory = xstrdup(template);
	return 0;
}

static int
leave(void **directory)
{
	char *command = xasprintf("rm -rf '%s'", (char *)*directory);
	int rc = chdir("/") != 0 || system(command) != 0;

	free(command);
	free(*directory);
	return rc;
}

static void
compare_with_tool(const struct ssh_key *key)
{
	struct ssh_key other;
	char *line;

	if (access("key.pub", R_OK) != 0)
		return;
	line = read_file("key.pub");
	assert_true(ssh_key_read_public(line, &other));
	assert_string_equal(key->public_line, other.public_line);
	assert_string_equal(key->fingerprint, other.fingerprint);
	ssh_key_clear(&other);
	free(line);
}

static void
keys_of_all_tools_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(made); i++) {
		enum ssh_key_verdict verdict;
		struct ssh_key key;
		char *text, *command;

		unlink("key");
		unlink("key.pub");
		command = xasprintf("{ %s; } >log 2>&1 || { cat log; false; }",
		    made[i].command);
		if (system(command) != 0)
			fail_msg("%s: not made", made[i].what);
		free(command);
		text = read_file("key");
		verdict = ssh_key_judge(text, PASSPHRASE, &key);
		if (verdict != made[i].verdict)
			fail_msg("%s: verdict %d", made[i].what, verdict);
		if (verdict == SSH_KEY_GOOD) {
			assert_string_equal(key.type, made[i].type);
			assert_int_equal(key.is_encrypted,
			    made[i].is_encrypted);
			compare_with_tool(&key);
			ssh_key_clear(&key);
		}
		if (verdict == SSH_KEY_GOOD && made[i].is_encrypted)
			assert_int_equal(ssh_key_judge(text, "wrong", &key),
			    SSH_KEY_WRONG_PASSPHRASE);
		free(text);
	}
}

/* --- The public half --------------------------------------------------- */

static void
the_public_half_is_described(void **state)
{
	struct ssh_key key, public;

	(void)state;
	assert_int_equal(ssh_key_judge(ED25519, NULL, &key), SSH_KEY_GOOD);
	assert_string_equal(key.public_line, ED25519_PUBLIC);
	assert_string_equal(key.type, "ssh-ed25519");
	assert_string_equal(key.comment, "test vector");
	assert_true(
	    ssh_key_read_public(" " ED25519_PUBLIC " a comment\r\n", &public));
	assert_string_equal(public.public_line, ED25519_PUBLIC);
	assert_string_equal(public.fingerprint, ED25519_FINGERPRINT);
	assert_int_equal(key.blob_len, public.blob_len);
	assert_memory_equal(key.blob, public.blob, key.blob_len);
	ssh_key_clear(&key);
	ssh_key_clear(&public);
}

static void
an_rsa_key_has_a_length(void **state)
{
	static const unsigned char nine_bits[] = "\0\0\0\x07ssh-rsa"
						 "\0\0\0\x01\x03"
						 "\0\0\0\x03\0\x01\xff";
	static const unsigned char nothing[] = "\0\0\0\x07ssh-rsa"
					       "\0\0\0\x01\x03\0\0\0\0";

	(void)state;
	assert_int_equal(ssh_key_rsa_bits(nine_bits, sizeof nine_bits - 1), 9);
	assert_int_equal(ssh_key_rsa_bits(nothing, sizeof nothing - 1), 0);
	for (size_t len = 0; len < sizeof nine_bits - 1; len++)
		assert_int_equal(ssh_key_rsa_bits(nine_bits, len), 0);
}

static void
what_is_no_public_line_is_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"ssh-ed25519",
		"ssh-ed25519 ",
		"ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIIWN3AhtYc9MUx7ZOzX4OKlP",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIWN3AhtYc9MUx7ZOzX4OKl",
		"ssh-ed25519 ////C3NzaC1lZDI1NTE5",
		"ssh-dss AAAAB3NzaC1kc3MAAACB",
		EC,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct ssh_key key;

		if (ssh_key_read_public(lines[i], &key))
			fail_msg("taken: %s", lines[i]);
	}
}

static void
base64_is_strict(void **state)
{
	static const char *const bad[] = { "A", "AA", "AAA", "AA=A",
		"A===", "AB==", "AAB=", "AA A", "AAA=AAAA", "AA-_", "====" };
	unsigned char bytes[8];
	char text[BASE64_TEXT_SIZE(6)];
	size_t len;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(
		    base64_decode(bad[i], strlen(bad[i]), bytes, &len));
	/* RFC 4648, 10 */
	base64_encode(text, (const unsigned char *)"foobar", 6);
	assert_string_equal(text, "Zm9vYmFy");
	base64_encode(text, (const unsigned char *)"fooba", 5);
	assert_string_equal(text, "Zm9vYmE=");
	base64_encode(text, (const unsigned char *)"foob", 4);
	assert_string_equal(text, "Zm9vYg==");
	assert_true(base64_decode("Zm9vYg==", 8, bytes, &len));
	assert_int_equal(len, 4);
	assert_memory_equal(bytes, "foob", 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_told_apart),
		cmocka_unit_test(an_absurdly_long_text_is_no_key),
		cmocka_unit_test(every_verdict_has_words),
		cmocka_unit_test(what_pasting_does_is_repaired),
		cmocka_unit_test(the_armour_is_found_where_it_stands),
		cmocka_unit_test(a_repaired_text_stays_what_it_is),
		cmocka_unit_test(passphrases_are_proved),
		cmocka_unit_test(a_needless_passphrase_does_no_harm),
		cmocka_unit_test(
		    an_encrypted_pem_key_is_judged_before_it_is_opened),
		cmocka_unit_test(containers_are_judged_before_they_are_opened),
		cmocka_unit_test(a_container_is_truncated_wherever_it_is_cut),
		cmocka_unit_test(damage_is_seen_in_the_clear),
		cmocka_unit_test_setup_teardown(keys_of_all_tools_are_read,
		    enter, leave),
		cmocka_unit_test(the_public_half_is_described),
		cmocka_unit_test(an_rsa_key_has_a_length),
		cmocka_unit_test(what_is_no_public_line_is_refused),
		cmocka_unit_test(base64_is_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
