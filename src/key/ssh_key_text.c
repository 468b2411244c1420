/* SPDX-License-Identifier: PostgreSQL */

/*
 * Private key text as people paste it.  Pasting changes white space, so all of
 * it is dropped first: the text becomes one line of words, in which the armour
 * is found whatever happened to its lines.  From the words the key is written
 * again as a tool would have written it.
 */
#include "key/ssh_key_text.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "key/base64.h"

enum {
	PASTED_MAX = 64 * 1024, /* a 16384-bit RSA key has 13 KB */
	LINE_LEN = 64,          /* RFC 7468, 2; libssh2 takes up to 127 */
};

/* A piece of a text; borrowed. */
struct span {
	const char *at;
	size_t len;
};

/* "-----BEGIN LABEL-----body-----END LABEL-----" */
struct block {
	struct span label, body;
};

/* The labels behind BEGIN.  SSH_KEY_GOOD: a private key, to be read on. */
static const struct label {
	const char *name;
	enum ssh_key_verdict verdict;
	enum ssh_key_format format;
} labels[] = {
	{ "OPENSSH PRIVATE KEY", SSH_KEY_GOOD, SSH_KEY_FORMAT_OPENSSH },
	{ "RSA PRIVATE KEY", SSH_KEY_GOOD, SSH_KEY_FORMAT_PEM },
	{ "EC PRIVATE KEY", SSH_KEY_GOOD, SSH_KEY_FORMAT_PEM },
	{ "PRIVATE KEY", SSH_KEY_GOOD, SSH_KEY_FORMAT_PEM },
	{ "ENCRYPTED PRIVATE KEY", SSH_KEY_GOOD,
	    SSH_KEY_FORMAT_PKCS8_ENCRYPTED },
	{ "DSA PRIVATE KEY", SSH_KEY_DSA, 0 },
	{ "PUBLIC KEY", SSH_KEY_PUBLIC, 0 },
	{ "RSA PUBLIC KEY", SSH_KEY_PUBLIC, 0 },
	{ "CERTIFICATE", SSH_KEY_CERTIFICATE, 0 },
	{ "X509 CERTIFICATE", SSH_KEY_CERTIFICATE, 0 },
	{ "TRUSTED CERTIFICATE", SSH_KEY_CERTIFICATE, 0 },
	{ "CERTIFICATE REQUEST", SSH_KEY_CERTIFICATE, 0 },
	{ "NEW CERTIFICATE REQUEST", SSH_KEY_CERTIFICATE, 0 },
};

/* How texts without PEM armour begin that are no private key for us. */
static const struct opening {
	const char *text;
	enum ssh_key_verdict verdict;
} openings[] = {
	{ "PuTTY-User-Key-File-", SSH_KEY_PUTTY },
	{ "---- BEGIN SSH2 PUBLIC KEY", SSH_KEY_PUBLIC }, /* RFC 4716, 3.2 */
	{ "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY", SSH_KEY_UNSUPPORTED },
	{ "LS0tLS1CRUdJTi", SSH_KEY_BASE64 }, /* of "-----BEGIN" */
};

static void
wipe(void *bytes, size_t len)
{
	if (bytes != NULL)
		OPENSSL_cleanse(bytes, len);
	free(bytes);
}

/*
 * How many bytes at `in` are white space, or what pasting turns it into: a
 * spelled-out \n, \r or \t, a backslash at a line's end, a no-break space, a
 * byte order mark.  No key's text has a backslash of its own.
 */
static size_t
gap_len(const char *in)
{
	if (*in == ' ' || (*in >= '\t' && *in <= '\r'))
		return 1;
	if (*in == '\\')
		return in[1] != '\0' && strchr("nrt", in[1]) != NULL ? 2 : 1;
	if (strncmp(in, "\xc2\xa0", 2) == 0)
		return 2;
	return strncmp(in, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* The words of a text with one space between them; the caller wipes it. */
static char *
flatten(const char *pasted, size_t pasted_len)
{
	char *flat = xmalloc(pasted_len + 1);
	size_t len = 0, gap;

	while (*pasted != '\0') {
		gap = gap_len(pasted);
		if (gap == 0)
			flat[len++] = *pasted++;
		else if (len > 0 && flat[len - 1] != ' ')
			flat[len++] = ' ';
		pasted += gap;
	}
	if (len > 0 && flat[len - 1] == ' ')
		len--;
	flat[len] = '\0';
	return flat;
}

static bool
span_is(struct span span, const char *text)
{
	return span.len == strlen(text) && memcmp(span.at, text, span.len) == 0;
}

/* Split "LABEL-----rest"; *rest is what follows the dashes. */
static bool
cut_label(const char *at, struct span *label, const char **rest)
{
	const char *dashes = strstr(at, "-----");

	if (dashes == NULL)
		return false;
	*label = (struct span){ at, (size_t)(dashes - at) };
	*rest = dashes + 5;
	return true;
}

/* Read the block that begins at `begin`; *rest is what follows it. */
static enum ssh_key_verdict
cut_block(const char *begin, struct block *block, const char **rest)
{
	const char *body, *end;
	struct span label;

	if (!cut_label(begin + strlen("-----BEGIN "), &block->label, &body))
		return SSH_KEY_TRUNCATED;
	end = strstr(body, "-----END ");
	if (end == NULL || !cut_label(end + strlen("-----END "), &label, rest))
		return SSH_KEY_TRUNCATED;
	if (label.len != block->label.len ||
	    memcmp(label.at, block->label.at, label.len) != 0)
		return SSH_KEY_DAMAGED;
	block->body = (struct span){ body, (size_t)(end - body) };
	return SSH_KEY_GOOD;
}

static const struct label *
find_label(struct span span)
{
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
		if (span_is(span, labels[i].name))
			return &labels[i];
	return NULL;
}

/*
 * "TYPE AAAA...": a line of a .pub or authorized_keys file.  The base64 begins
 * with the length of the type's name, three bytes of which are zero.
 */
static bool
is_public_line(const char *flat)
{
	const char *space = strchr(flat, ' ');

	return space != NULL && strncmp(space, " AAAA", 5) == 0;
}

/* Judge a text without a BEGIN line. */
static enum ssh_key_verdict
judge_opening(const char *flat)
{
	if (flat[0] == '\0')
		return SSH_KEY_EMPTY;
	for (size_t i = 0; i < sizeof openings / sizeof *openings; i++)
		if (strncmp(flat, openings[i].text, strlen(openings[i].text)) ==
		    0)
			return openings[i].verdict;
	if (is_public_line(flat))
		return strstr(flat, "-cert-v01@openssh.com AAAA") != NULL
		    ? SSH_KEY_CERTIFICATE
		    : SSH_KEY_PUBLIC;
	return strstr(flat, "-----END ") != NULL ? SSH_KEY_TRUNCATED
						 : SSH_KEY_UNKNOWN;
}

/*
 * Find the first block that is a private key.  Other blocks may come before it
 * (openssl writes EC PARAMETERS) or after it (certificates).  If there is none,
 * the verdict is that on the first block.
 */
static enum ssh_key_verdict
find_key(const char *flat, struct block *block, const struct label **label)
{
	const char *begin = strstr(flat, "-----BEGIN ");
	enum ssh_key_verdict first = SSH_KEY_GOOD, verdict;

	if (begin == NULL || strncmp(flat, "PuTTY-", 6) == 0)
		return judge_opening(flat);
	for (; begin != NULL; begin = strstr(begin, "-----BEGIN ")) {
		verdict = cut_block(begin, block, &begin);
		if (verdict != SSH_KEY_GOOD)
			return verdict;
		*label = find_label(block->label);
		verdict = *label != NULL ? (*label)->verdict : SSH_KEY_UNKNOWN;
		if (verdict == SSH_KEY_GOOD)
			return SSH_KEY_GOOD;
		if (first == SSH_KEY_GOOD)
			first = verdict;
	}
	return first;
}

/* Take the next word off the front; false when there is none. */
static bool
next_word(struct span *words, struct span *word)
{
	const char *end;

	while (words->len > 0 && *words->at == ' ') {
		words->at++;
		words->len--;
	}
	end = memchr(words->at, ' ', words->len);
	*word = *words;
	if (end != NULL)
		word->len = (size_t)(end - words->at);
	words->at += word->len;
	words->len -= word->len;
	return word->len > 0;
}

/* Read one header of an encrypted PKCS#1 or SEC1 key (RFC 1421, 4.6.1). */
static bool
read_header(struct span name, struct span value, struct ssh_key_text *out)
{
	if (span_is(name, "Proc-Type:"))
		return span_is(value, "4,ENCRYPTED");
	if (!span_is(name, "DEK-Info:") || value.len >= sizeof out->dek_info)
		return false;
	memcpy(out->dek_info, value.at, value.len);
	out->dek_info[value.len] = '\0';
	return true;
}

/*
 * Sort the words of a body into headers and base64; the base64 goes to *packed.
 */
static bool
read_body(struct span body, struct ssh_key_text *out, char *packed,
    size_t *packed_len)
{
	struct span word, value;

	*packed_len = 0;
	while (next_word(&body, &word)) {
		if (word.at[word.len - 1] != ':') {
			memcpy(packed + *packed_len, word.at, word.len);
			*packed_len += word.len;
		} else if (*packed_len > 0 || !next_word(&body, &value) ||
		    !read_header(word, value, out))
			return false;
	}
	return out->dek_info[0] == '\0' || out->format == SSH_KEY_FORMAT_PEM;
}

/* Write the key as a tool would have written it. */
static char *
write_text(const char *label, const char *dek_info, const char *packed,
    size_t packed_len)
{
	size_t size = packed_len + packed_len / LINE_LEN + 256;
	char *text = xmalloc(size), *at = text;

	at += sprintf(at, "-----BEGIN %s-----\n", label);
	if (dek_info[0] != '\0')
		at += sprintf(at, "Proc-Type: 4,ENCRYPTED\nDEK-Info: %s\n\n",
		    dek_info);
	for (size_t i = 0; i < packed_len; i += LINE_LEN)
		at += sprintf(at, "%.*s\n", LINE_LEN, packed + i);
	at += sprintf(at, "-----END %s-----\n", label);
	assert((size_t)(at - text) < size);
	return text;
}

static enum ssh_key_verdict
unpack(const char *label, const char *packed, size_t len,
    struct ssh_key_text *out)
{
	if (len == 0 || len % 4 != 0)
		return SSH_KEY_TRUNCATED;
	out->body = xmalloc(BASE64_BYTES_MAX(len));
	if (!base64_decode(packed, len, out->body, &out->body_len)) {
		wipe(out->body, BASE64_BYTES_MAX(len));
		out->body = NULL;
		return SSH_KEY_DAMAGED;
	}
	out->text = write_text(label, out->dek_info, packed, len);
	return SSH_KEY_GOOD;
}

enum ssh_key_verdict
ssh_key_text_repair(const char *pasted, struct ssh_key_text *out)
{
	size_t pasted_len = strnlen(pasted, PASTED_MAX), packed_len;
	enum ssh_key_verdict verdict;
	const struct label *label = NULL;
	struct block block;
	char *flat, *packed;

	*out = (struct ssh_key_text){ 0 };
	if (pasted_len == PASTED_MAX)
		return SSH_KEY_UNKNOWN;
	flat = flatten(pasted, pasted_len);
	verdict = find_key(flat, &block, &label);
	if (verdict == SSH_KEY_GOOD) {
		assert(label != NULL);
		out->format = label->format;
		packed = xcalloc(block.body.len + 1, 1);
		verdict = SSH_KEY_DAMAGED;
		if (read_body(block.body, out, packed, &packed_len))
			verdict = unpack(label->name, packed, packed_len, out);
		wipe(packed, block.body.len + 1);
	}
	wipe(flat, pasted_len + 1);
	return verdict;
}

void
ssh_key_text_clear(struct ssh_key_text *key)
{
	if (key->text != NULL)
		wipe(key->text, strlen(key->text));
	wipe(key->body, key->body_len);
	*key = (struct ssh_key_text){ 0 };
}
