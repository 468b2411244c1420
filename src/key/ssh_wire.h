/* SPDX-License-Identifier: PostgreSQL */

/*
 * The data types of SSH (RFC 4251, 5), read within bounds and written.
 */
#ifndef PGJUMP_KEY_SSH_WIRE_H
#define PGJUMP_KEY_SSH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes still to be read; borrowed. */
struct ssh_wire {
	const unsigned char *at;
	size_t left;
};

/*
 * Take a value off the front.  False, and nothing is taken: the bytes end
 * before the value does.
 */
bool ssh_wire_u32(struct ssh_wire *, uint32_t *value);
bool ssh_wire_string(struct ssh_wire *, struct ssh_wire *string);

/* The bytes of a text without its NUL. */
struct ssh_wire ssh_wire_text(const char *text);

/* Whether two pieces hold the same bytes, or one holds exactly `text`. */
bool ssh_wire_equal(struct ssh_wire, struct ssh_wire);
bool ssh_wire_is(const struct ssh_wire *, const char *text);

/* Take a name off the front of a name-list; false at its end. */
bool ssh_wire_name(struct ssh_wire *list, struct ssh_wire *name);

/* Whether a name-list has exactly this name. */
bool ssh_wire_has_name(struct ssh_wire list, struct ssh_wire name);

/* Bytes written so far; the owner releases them with free(). */
struct ssh_blob {
	unsigned char *bytes;
	size_t len;
};

void ssh_wire_write_byte(struct ssh_blob *, unsigned char value);
void ssh_wire_write_u32(struct ssh_blob *, uint32_t value);
void ssh_wire_write_string(struct ssh_blob *, const void *bytes, size_t len);

/* Write a number that is not negative, given as its bytes, highest first. */
void ssh_wire_write_mpint(struct ssh_blob *, const unsigned char *bytes,
    size_t len);

#endif
