/* SPDX-License-Identifier: PostgreSQL */

/*
 * With which signatures an RSA key is offered: with SHA-2 (RFC 8332), never
 * with SHA-1.  Keys of other types have one kind each.
 */
#ifndef PGJUMP_SSH_SIGNATURE_H
#define PGJUMP_SSH_SIGNATURE_H

#include <stdbool.h>

#include "ssh_login.h"
#include "ssh_wire.h"

/* Keys are given as public keys in wire format (RFC 4253, 6.6). */

/* Why a key cannot be offered to this jump box, in words; NULL: it can.  To be
 * asked when the jump box has answered a first request. */
const char *ssh_signature_obstacle(const struct ssh_login *,
    struct ssh_wire key);

/*
 * After each request for a key, with what it came to: whether to ask once more,
 * for another signature of the same key.
 */
bool ssh_signature_again(struct ssh_login *, struct ssh_wire key,
    enum ssh_outcome);

/* When no key was accepted: adds to the fault that the cause may be that none
 * of the signatures was. */
void ssh_signature_note(struct ssh_login *);

#endif
