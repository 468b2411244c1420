/* SPDX-License-Identifier: PostgreSQL */

/*
 * With which signatures an RSA key is offered: with SHA-2 (RFC 8332), never
 * with SHA-1.  Keys of other types have one kind each.  Which keys a jump box
 * says it takes.
 */
#ifndef PGJUMP_SSH_SIGNATURE_H
#define PGJUMP_SSH_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "key/ssh_wire.h"
#include "ssh/login.h"

/* Keys are given as public keys in wire format (RFC 4253, 6.6). */

/* FAIL_NONE, or why a key cannot be offered to this jump box, with its words.
 * To be asked when the jump box has answered a first request. */
enum failure ssh_signature_obstacle(const struct ssh_login *,
    struct ssh_wire key, char words[FAULT_WORDS_MAX]);

/* Whether the jump box told what it takes, and keys of this type are not
 * among it; then the words say what is.  Not every list is complete: it
 * explains a rejection, and is no reason not to ask. */
bool ssh_signature_is_unlisted(const struct ssh_login *, struct ssh_wire key,
    char words[FAULT_WORDS_MAX]);

/*
 * After each request for a key, with what it came to: whether to ask once more,
 * for another signature of the same key.
 */
bool ssh_signature_again(struct ssh_login *, struct ssh_wire key,
    enum ssh_outcome);

/* When no key was accepted: adds to the fault that the cause may be that none
 * of the signatures was. */
void ssh_signature_note(struct ssh_login *);

/*
 * The flags of the agent protocol (draft-miller-ssh-agent, 3.6.1) for what is
 * to be signed in a login: 0 where the key is no RSA key, or that is no
 * request.
 */
uint32_t ssh_signature_flags(const unsigned char *data, size_t len);

#endif
