/* SPDX-License-Identifier: PostgreSQL */

/*
 * With which signatures an RSA key is offered: with SHA-2 (RFC 8332), never
 * with SHA-1.  Keys of other types have one kind of signature.  Also: which
 * keys a jump box says it accepts.
 */
#ifndef PGJUMP_SSH_SIGNATURE_H
#define PGJUMP_SSH_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "key/ssh_wire.h"
#include "ssh/login.h"

/* Keys are public keys in wire format (RFC 4253, 6.6). */

/*
 * FAIL_NONE, or why a key cannot be offered to this jump box, with its words.
 * Call it after the jump box has answered a first request.
 */
enum failure ssh_signature_obstacle(const struct ssh_login *,
    struct ssh_wire key, char words[FAULT_WORDS_MAX]);

/*
 * Whether the jump box has listed what it accepts, and keys of this type are
 * not in the list; then the words quote it.  Some lists are incomplete, so this
 * explains a rejection, but is no reason not to ask.
 */
bool ssh_signature_is_unlisted(const struct ssh_login *, struct ssh_wire key,
    char words[FAULT_WORDS_MAX]);

/*
 * Call this after each request for a key.  True: ask again, for another
 * signature of the same key.
 */
bool ssh_signature_again(struct ssh_login *, struct ssh_wire key,
    enum ssh_outcome);

/* When no key was accepted: note that perhaps none of the signatures was. */
void ssh_signature_note(struct ssh_login *);

/*
 * The flags of the agent protocol (draft-ietf-sshm-ssh-agent) for data to be
 * signed in a login; 0: the key is no RSA key, or the data are no request.
 */
uint32_t ssh_signature_flags(const unsigned char *data, size_t len);

#endif
