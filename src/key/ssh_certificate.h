/* SPDX-License-Identifier: PostgreSQL */

/*
 * Certificates of OpenSSH (its PROTOCOL.certkeys), read: which key they
 * certify, for whom, from when until when, by which authority.  Whether they
 * are to be trusted is for others.  Pure; trusts no length.  Keys and
 * certificates are in wire format (RFC 4253, 6.6).
 */
#ifndef PGJUMP_KEY_SSH_CERTIFICATE_H
#define PGJUMP_KEY_SSH_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "key/ssh_wire.h"

/* A certificate's type is that of its key with this suffix. */
#define SSH_CERTIFICATE_SUFFIX "-cert-v01@openssh.com"

enum ssh_certificate_kind {
	SSH_CERTIFICATE_USER = 1,
	SSH_CERTIFICATE_HOST = 2,
};

/* What a certificate says; pieces are borrowed from its bytes. */
struct ssh_certificate {
	uint64_t serial;
	enum ssh_certificate_kind kind;
	struct ssh_wire id;
	struct ssh_wire principals; /* strings; none: any name */
	uint64_t valid_after;       /* seconds since 1970 */
	uint64_t valid_before;      /* likewise; UINT64_MAX: for ever */
	struct ssh_wire options;    /* critical ones: pairs of strings */
	struct ssh_wire extensions; /* pairs of strings */
	struct ssh_wire authority;  /* the key that signed */
	struct ssh_wire signature;
	struct ssh_wire signed_part; /* what it signed: all before it */
};

/*
 * Read a certificate whole.  False: it is none of a known type (Ed25519, ECDSA,
 * RSA), or its parts make no sense.
 */
bool ssh_certificate_read(struct ssh_wire bytes, struct ssh_certificate *);

/* Whether this is the type of a certificate that can be read. */
bool ssh_certificate_is(struct ssh_wire bytes);

/*
 * The key that is certified; the caller frees out->bytes.  False: it is not a
 * certificate of a known type, and *out is empty.
 */
bool ssh_certificate_key(struct ssh_wire bytes, struct ssh_blob *out);

/* Whether it is a certificate, and certifies this key. */
bool ssh_certificate_is_of(struct ssh_wire bytes, struct ssh_wire key);

/* Whether the list of principals has exactly this name. */
bool ssh_certificate_names(const struct ssh_certificate *, const char *name);

/* The principals as "a, b, c", as far as there is room; "any name": none. */
void ssh_certificate_list(const struct ssh_certificate *, char *out,
    size_t size);

/*
 * Whether it has this extension, such as "permit-port-forwarding".  False also
 * if it cannot be read.
 */
bool ssh_certificate_permits(struct ssh_wire bytes, const char *extension);

/* Where a time stands to the validity of a certificate. */
enum ssh_certificate_time {
	SSH_CERTIFICATE_EARLY, /* it is not valid yet */
	SSH_CERTIFICATE_VALID,
	SSH_CERTIFICATE_ENDING, /* valid for 7 days more, or a fifth of its
				   life, whichever is less */
	SSH_CERTIFICATE_EXPIRED,
};

enum ssh_certificate_time ssh_certificate_time(const struct ssh_certificate *,
    uint64_t now);

/* "2026-11-29 18:05:00 UTC", "for ever" */
struct ssh_certificate_date {
	char text[40];
};

struct ssh_certificate_date ssh_certificate_date(uint64_t seconds);

/* "until 2026-11-29 18:05:00 UTC", "for ever" */
struct ssh_certificate_date ssh_certificate_end(const struct ssh_certificate *);

#endif
