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
#include <stdlib.h>
#include <string.h>

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
ssh_certificate_key(struct ssh_wire certificate, struct ssh_blob *out)
{
	*out = (struct ssh_blob){ 0 };
	if (take_key(&certificate, out))
		return true;
	free(out->bytes);
	*out = (struct ssh_blob){ 0 };
	return false;
}

bool
ssh_certificate_is_of(struct ssh_wire certificate, struct ssh_wire key)
{
	struct ssh_blob own;
	bool is_same;

	if (!ssh_certificate_key(certificate, &own))
		return false;
	is_same = ssh_wire_equal((struct ssh_wire){ own.bytes, own.len }, key);
	free(own.bytes);
	return is_same;
}

static bool
skip(struct ssh_wire *wire, int u32_count, int string_count)
{
	struct ssh_wire string;
	uint32_t number;

	while (u32_count-- > 0)
		if (!ssh_wire_u32(wire, &number))
			return false;
	while (string_count-- > 0)
		if (!ssh_wire_string(wire, &string))
			return false;
	return true;
}

/* Extensions are pairs of strings, a name and its value. */
bool
ssh_certificate_permits(struct ssh_wire certificate, const char *extension)
{
	struct ssh_wire extensions, name, value;

	if (!take_key(&certificate, NULL) ||
	    !skip(&certificate, 3, 2) || /* serial, kind; id, principals */
	    !skip(&certificate, 4, 1) || /* from, until; critical options */
	    !ssh_wire_string(&certificate, &extensions))
		return false;
	while (ssh_wire_string(&extensions, &name) &&
	    ssh_wire_string(&extensions, &value))
		if (ssh_wire_is(&name, extension))
			return true;
	return false;
}
