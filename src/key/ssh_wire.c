/* SPDX-License-Identifier: PostgreSQL */

/*
 * SSH's strings and numbers.  A length that the sender claims is checked
 * against the bytes that are there before it is used.
 */
#include "key/ssh_wire.h"

#include <assert.h>
#include <string.h>

#include "base/xmalloc.h"

bool
ssh_wire_u32(struct ssh_wire *wire, uint32_t *value)
{
	const unsigned char *at = wire->at;

	if (wire->left < 4)
		return false;
	*value = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	    (uint32_t)at[2] << 8 | at[3];
	wire->at += 4;
	wire->left -= 4;
	return true;
}

bool
ssh_wire_string(struct ssh_wire *wire, struct ssh_wire *string)
{
	struct ssh_wire rest = *wire;
	uint32_t len;

	if (!ssh_wire_u32(&rest, &len) || len > rest.left)
		return false;
	*string = (struct ssh_wire){ rest.at, len };
	*wire = (struct ssh_wire){ rest.at + len, rest.left - len };
	return true;
}

struct ssh_wire
ssh_wire_text(const char *text)
{
	return (struct ssh_wire){ (const unsigned char *)text, strlen(text) };
}

bool
ssh_wire_equal(struct ssh_wire a, struct ssh_wire b)
{
	return a.left == b.left &&
	    (a.left == 0 || memcmp(a.at, b.at, a.left) == 0);
}

bool
ssh_wire_is(const struct ssh_wire *wire, const char *text)
{
	return ssh_wire_equal(*wire, ssh_wire_text(text));
}

bool
ssh_wire_name(struct ssh_wire *list, struct ssh_wire *name)
{
	const unsigned char *comma;

	if (list->left == 0)
		return false;
	comma = memchr(list->at, ',', list->left);
	*name = *list;
	if (comma == NULL) {
		list->left = 0;
		return true;
	}
	name->left = (size_t)(comma - list->at);
	list->at += name->left + 1;
	list->left -= name->left + 1;
	return true;
}

bool
ssh_wire_has_name(struct ssh_wire list, struct ssh_wire name)
{
	struct ssh_wire held;

	while (ssh_wire_name(&list, &held))
		if (ssh_wire_equal(held, name))
			return true;
	return false;
}

static void
append(struct ssh_blob *blob, const void *bytes, size_t len)
{
	blob->bytes = xreallocarray(blob->bytes, blob->len + len, 1);
	if (len > 0)
		memcpy(blob->bytes + blob->len, bytes, len);
	blob->len += len;
}

void
ssh_wire_write_byte(struct ssh_blob *blob, unsigned char value)
{
	append(blob, &value, 1);
}

void
ssh_wire_write_u32(struct ssh_blob *blob, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		ssh_wire_write_byte(blob,
		    (unsigned char)(value >> (24 - 8 * i)));
}

static void
append_len(struct ssh_blob *blob, size_t len)
{
	assert(len <= UINT32_MAX);
	ssh_wire_write_u32(blob, (uint32_t)len);
}

void
ssh_wire_write_string(struct ssh_blob *blob, const void *bytes, size_t len)
{
	append_len(blob, len);
	append(blob, bytes, len);
}

void
ssh_wire_write_mpint(struct ssh_blob *blob, const unsigned char *bytes,
    size_t len)
{
	bool looks_negative;

	for (; len > 0 && bytes[0] == 0; bytes++)
		len--;
	looks_negative = len > 0 && (bytes[0] & 0x80) != 0;
	append_len(blob, len + looks_negative);
	append(blob, "", looks_negative);
	append(blob, bytes, len);
}
