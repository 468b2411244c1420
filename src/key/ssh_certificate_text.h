/* SPDX-License-Identifier: PostgreSQL */

/*
 * A user's certificate as people give it: the line of a file *-cert.pub, read
 * or told for what it is instead.  Pure.
 */
#ifndef PGJUMP_KEY_SSH_CERTIFICATE_TEXT_H
#define PGJUMP_KEY_SSH_CERTIFICATE_TEXT_H

#include "key/ssh_certificate.h"
#include "key/ssh_key.h"

struct ssh_certificate_text {
	struct ssh_key line;         /* its fingerprint is that of the key */
	struct ssh_certificate says; /* borrows from the line */
};

/*
 * Read a certificate for users.  "": release *out with
 * ssh_certificate_text_clear().  Else the words for why it is none, and *out is
 * empty.
 */
const char *ssh_certificate_text_read(const char *text,
    struct ssh_certificate_text *out);

void ssh_certificate_text_clear(struct ssh_certificate_text *);

#endif
