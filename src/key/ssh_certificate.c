/* SPDX-License-Identifier: PostgreSQL */

/*
 * A certificate is
 *
 *	string type | string nonce | the fields of the key
 *	uint64 serial | uint32 kind | string key id | string principals
 *	uint64 valid after | uint64 valid before
 *	string critical options | string extensions | string reserved
 *	string authority | string signature
 */
#include "key/ssh_certificate.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

/* As many as OpenSSH takes. */
#define PRINCIPALS_MAX 256

/* How long before its end a certificate is worth a warning. */
#define NOTICE_S ((uint64_t)7 * 24 * 60 * 60)

/* The end of the year 9999; what is valid longer has no date. */
#define LAST_SECOND ((uint64_t)253402300799)

/*
 * How many fields a key has behind its type.  All are strings, even the
 * numbers.
 */
static const struct {
	const char *certificate, *key;
	int fields;
} types[] = {
	{ "ssh-ed25519" SSH_CERTIFICATE_SUFFIX, "ssh-ed25519", 1 },
	{ "ecdsa-sha2-nistp256" SSH_CERTIFICATE_SUFFIX, "ecdsa-sha2-nistp256",
	    2 },
	{ "ecdsa-sha2-nistp384" SSH_CERTIFICATE_SUFFIX, "ecdsa-sha2-nistp384",
	    2 },
	{ "ecdsa-sha2-nistp521" SSH_CERTIFICATE_SUFFIX, "ecdsa-sha2-nistp521",
	    2 },
	{ "ssh-rsa" SSH_CERTIFICATE_SUFFIX, "ssh-rsa", 2 },
};

#define TYPE_COUNT (sizeof types / sizeof *types)

/* Take the type off the front; TYPE_COUNT: it is none of these. */
static size_t
take_type(struct ssh_wire *certificate)
{
	struct ssh_wire name;
	size_t i = 0;

	if (!ssh_wire_string(certificate, &name))
		return TYPE_COUNT;
	while (i < TYPE_COUNT && !ssh_wire_is(&name, types[i].certificate))
		i++;
	return i;
}

/*
 * Take type, nonce and key off the front, and append the key to *out, if that
 * is not NULL.
 */
static bool
take_key(struct ssh_wire *certificate, struct ssh_blob *out)
{
	size_t type = take_type(certificate);
	struct ssh_wire string;

	if (type == TYPE_COUNT || !ssh_wire_string(certificate, &string))
		return false;
	if (out != NULL)
		ssh_wire_write_string(out, types[type].key,
		    strlen(types[type].key));
	for (int i = 0; i < types[type].fields; i++) {
		if (!ssh_wire_string(certificate, &string))
			return false;
		if (out != NULL)
			ssh_wire_write_string(out, string.at, string.left);
	}
	return true;
}

bool
ssh_certificate_key(struct ssh_wire bytes, struct ssh_blob *out)
{
	*out = (struct ssh_blob){ 0 };
	if (take_key(&bytes, out))
		return true;
	free(out->bytes);
	*out = (struct ssh_blob){ 0 };
	return false;
}

bool
ssh_certificate_is_of(struct ssh_wire bytes, struct ssh_wire key)
{
	struct ssh_blob own;
	bool is_same;

	if (!ssh_certificate_key(bytes, &own))
		return false;
	is_same = ssh_wire_equal((struct ssh_wire){ own.bytes, own.len }, key);
	free(own.bytes);
	return is_same;
}

/* --- All of it ----------------------------------------------------------- */

static bool
take_u64(struct ssh_wire *wire, uint64_t *value)
{
	uint32_t high, low;

	if (!ssh_wire_u32(wire, &high) || !ssh_wire_u32(wire, &low))
		return false;
	*value = (uint64_t)high << 32 | low;
	return true;
}

static bool
take_kind(struct ssh_wire *wire, enum ssh_certificate_kind *kind)
{
	uint32_t number;

	if (!ssh_wire_u32(wire, &number))
		return false;
	*kind = number;
	return number == SSH_CERTIFICATE_USER || number == SSH_CERTIFICATE_HOST;
}

/* Names are texts: OpenSSH refuses a NUL in them, too. */
static bool
are_names(struct ssh_wire list)
{
	struct ssh_wire name;
	size_t count = 0;

	while (list.left > 0)
		if (!ssh_wire_string(&list, &name) ||
		    ++count > PRINCIPALS_MAX ||
		    (name.left > 0 && memchr(name.at, '\0', name.left) != NULL))
			return false;
	return true;
}

static bool
are_pairs(struct ssh_wire list)
{
	struct ssh_wire name, value;

	while (list.left > 0)
		if (!ssh_wire_string(&list, &name) ||
		    !ssh_wire_string(&list, &value))
			return false;
	return true;
}

bool
ssh_certificate_read(struct ssh_wire bytes, struct ssh_certificate *out)
{
	struct ssh_wire rest = bytes, reserved;

	if (!take_key(&rest, NULL) || !take_u64(&rest, &out->serial) ||
	    !take_kind(&rest, &out->kind) ||
	    !ssh_wire_string(&rest, &out->id) ||
	    !ssh_wire_string(&rest, &out->principals) ||
	    !take_u64(&rest, &out->valid_after) ||
	    !take_u64(&rest, &out->valid_before) ||
	    !ssh_wire_string(&rest, &out->options) ||
	    !ssh_wire_string(&rest, &out->extensions) ||
	    !ssh_wire_string(&rest, &reserved) ||
	    !ssh_wire_string(&rest, &out->authority))
		return false;
	out->signed_part = (struct ssh_wire){ bytes.at,
		bytes.left - rest.left };
	return ssh_wire_string(&rest, &out->signature) && rest.left == 0 &&
	    are_names(out->principals) && are_pairs(out->options) &&
	    are_pairs(out->extensions);
}

bool
ssh_certificate_is(struct ssh_wire bytes)
{
	return take_type(&bytes) != TYPE_COUNT;
}

bool
ssh_certificate_names(const struct ssh_certificate *certificate,
    const char *name)
{
	struct ssh_wire list = certificate->principals, principal;

	while (ssh_wire_string(&list, &principal))
		if (ssh_wire_is(&principal, name))
			return true;
	return false;
}

void
ssh_certificate_list(const struct ssh_certificate *certificate, char *out,
    size_t size)
{
	struct ssh_wire list = certificate->principals, principal;
	size_t used = 0;

	snprintf(out, size, "any name");
	while (used < size && ssh_wire_string(&list, &principal)) {
		char name[64];

		text_printable(name, sizeof name, principal.at, principal.left);
		used += (size_t)snprintf(out + used, size - used, "%s%s",
		    used > 0 ? ", " : "", name);
	}
}

bool
ssh_certificate_permits(struct ssh_wire bytes, const char *extension)
{
	struct ssh_certificate certificate;
	struct ssh_wire name, value;

	if (!ssh_certificate_read(bytes, &certificate))
		return false;
	while (ssh_wire_string(&certificate.extensions, &name) &&
	    ssh_wire_string(&certificate.extensions, &value))
		if (ssh_wire_is(&name, extension))
			return true;
	return false;
}

/* --- Time ---------------------------------------------------------------- */

/*
 * A certificate of a day, made anew each night, would be warned about all its
 * life by a fixed time alone.
 */
enum ssh_certificate_time
ssh_certificate_time(const struct ssh_certificate *certificate, uint64_t now)
{
	uint64_t life, notice;

	if (now < certificate->valid_after)
		return SSH_CERTIFICATE_EARLY;
	if (now >= certificate->valid_before)
		return SSH_CERTIFICATE_EXPIRED;
	life = certificate->valid_before - certificate->valid_after;
	notice = life / 5 < NOTICE_S ? life / 5 : NOTICE_S;
	return certificate->valid_before - now <= notice
	    ? SSH_CERTIFICATE_ENDING
	    : SSH_CERTIFICATE_VALID;
}

struct ssh_certificate_date
ssh_certificate_date(uint64_t seconds)
{
	struct ssh_certificate_date date;
	time_t time = (time_t)seconds;
	struct tm parts;

	if (seconds > LAST_SECOND || gmtime_r(&time, &parts) == NULL)
		snprintf(date.text, sizeof date.text, "for ever");
	else
		strftime(date.text, sizeof date.text, "%Y-%m-%d %H:%M:%S UTC",
		    &parts);
	return date;
}

struct ssh_certificate_date
ssh_certificate_end(const struct ssh_certificate *certificate)
{
	struct ssh_certificate_date date = ssh_certificate_date(
	    certificate->valid_before);
	struct ssh_certificate_date end;

	snprintf(end.text, sizeof end.text, "%s%.30s",
	    certificate->valid_before > LAST_SECOND ? "" : "until ", date.text);
	return end;
}
